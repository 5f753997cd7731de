package org.sfumato.cli.text;

import java.util.Optional;
import org.sfumato.models.block.BlockDiffusion;
import org.sfumato.models.constraint.RegexRule;
import org.sfumato.models.diffusion.LogitRule;
import org.sfumato.models.masked.Ending;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.models.masked.Remasking;
import picocli.CommandLine.Option;

/// Options of `generate` that only models of masks have.
final class MaskedOptions {
    @Option(names = "--remask", paramLabel = "HOW", converter = RemaskingConverter.class,
            description = "Take back some of what is written: cap:ETA, rescale:ETA, confidence, loop, forward-backward "
                    + "or none; --steps are steps of time then.")
    Remasking remasking;

    @Option(names = "--regex", paramLabel = "EXPRESSION",
            description = "The whole text, prompt too, matches this regular expression.")
    String regex;

    @Option(names = "--stop", paramLabel = "TEXT",
            description = "The text is over at this token, which is not part of it.")
    String stop;

    /// Refuses what does not go together.
    void check(TextModel model, GenerateCommand command) {
        boolean masked = model.objective() instanceof MaskedProcess;
        require(remasking == null || masked, "--remask", "is for masked models", "without it");
        require(regex == null || masked, "--regex", "is for masked models", "without it");
        require(remasking == null || command.sampler instanceof SamplerChoice.Usual, "--remask",
                "does not go with --sampler", "one of them");
        require(!(command.sampler instanceof SamplerChoice.FirstHitting) || !command.isSampledOtherwise(), "--sampler",
                "has its own order of writing", "without --threshold, --factor, --entropy-bound, --block and --cache");
        require(stop == null || masked || model.objective() instanceof BlockDiffusion, "--stop",
                "is for masked models and those of blocks", "without it");
        require(remasking == null || !command.isSampledOtherwise(), "--remask", "has its own order of writing",
                "without --threshold, --factor, --entropy-bound, --block and --cache");
        require(stop == null || remasking == null, "--stop", "does not go with --remask", "one of them");
        require(stop == null || command.input.infill == null, "--stop", "does not go with --infill, after whose gaps "
                + "there is text", "one of them");
        if (regex != null && command.input.infill == null) {
            var prompt = command.input.prompt == null ? "" : command.input.prompt;
            long places = model.tokenizer().encode(prompt).length + (long) command.length;
            int most = model.length();
            require(places <= most, "--regex", "is for texts that the model writes at once, of " + most
                    + " tokens, not " + places, "a smaller --length");
        }
    }

    private static void require(boolean right, String option, String what, String hint) {
        if (!right) {
            throw new IllegalArgumentException("generate: " + option + " " + what + "\nhint: " + hint);
        }
    }

    Ending ending(TextModel model, boolean infills) {
        if (stop == null) {
            return model.end().isEmpty() || infills ? new Ending.None()
                    : new Ending.Stop(model.end().getAsInt(), true);
        }
        return new Ending.Stop(token(model), true);
    }

    Optional<LogitRule> rule(TextModel model) {
        if (regex == null || !(model.objective() instanceof MaskedProcess process)) {
            return Optional.empty();
        }
        return Optional.of(stop == null ? RegexRule.of(regex, model.tokenizer(), process.mask())
                : RegexRule.endingWith(token(model), regex, model.tokenizer(), process.mask()));
    }

    private int token(TextModel model) {
        int[] ids = model.tokenizer().encode(stop);
        require(ids.length == 1, "--stop", "takes one token, \"" + stop + "\" has " + ids.length,
                "a character, for models of characters");
        return ids[0];
    }
}
