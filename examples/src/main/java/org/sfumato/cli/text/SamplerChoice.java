package org.sfumato.cli.text;

import java.util.Arrays;
import org.sfumato.models.masked.Editing;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// `--sampler`: what writes, where the other options do not say it.
sealed interface SamplerChoice {
    /// What the kind of the model and the other options say.
    record Usual() implements SamplerChoice { }

    /// One token a pass, at the times of ancestral sampling in infinitely many steps.
    record FirstHitting() implements SamplerChoice { }

    /// Greedy, and what was written is mended.
    record Edited(Editing editing) implements SamplerChoice { }

    /// Ancestral, with Gibbs passes between the steps.
    ///
    /// @param passes after each step
    /// @param places that a pass draws anew
    record Corrected(int passes, int places) implements SamplerChoice { }

    /// `usual`, `first-hitting`, `editing:WRITE:EDIT:PASSES`, `gibbs:PASSES:PLACES`.
    final class Converter implements ITypeConverter<SamplerChoice> {
        private static final String FORMS = "expected usual, first-hitting, editing:WRITE:EDIT:PASSES or "
                + "gibbs:PASSES:PLACES, as editing:0.9:0.9:8 or gibbs:1:4";

        @Override
        public SamplerChoice convert(String text) {
            var parts = text.split(":", -1);
            try {
                double[] n = Arrays.stream(parts).skip(1).mapToDouble(Double::parseDouble).toArray();
                switch (parts[0] + n.length) {
                    case "usual0":
                        return new Usual();
                    case "first-hitting0":
                        return new FirstHitting();
                    case "editing3":
                        return new Edited(new Editing(n[0], n[1], (int) n[2]));
                    case "gibbs2":
                        if (n[0] >= 1 && n[1] >= 1) {
                            return new Corrected((int) n[0], (int) n[1]);
                        }
                        break;
                    default:
                        break;
                }
            } catch (NumberFormatException noNumber) {
                throw new TypeConversionException(FORMS + ", got '" + text + "'");
            } catch (IllegalArgumentException wrong) {
                throw new TypeConversionException(wrong.getMessage());
            }
            throw new TypeConversionException(FORMS + ", got '" + text + "'");
        }
    }
}
