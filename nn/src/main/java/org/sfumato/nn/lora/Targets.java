package org.sfumato.nn.lora;

import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// Which places get a low-rank update. The three forms and their rules are those of PEFT.
public sealed interface Targets {
    /// Every linear layer but the head.
    Targets ALL_LINEAR = new AllLinear();

    /// True if `place` is one of them.
    boolean include(Place place);

    /// The places called one of `names`, or whose name ends in a dot and one of them: `q_proj` is any layer's.
    static Targets named(String... names) {
        return new Named(List.of(names));
    }

    /// The places whose whole name the regular expression matches.
    ///
    /// @throws IllegalArgumentException if it is none
    static Targets matching(String expression) {
        return new Matching(expression);
    }

    /// See [#ALL_LINEAR].
    record AllLinear() implements Targets {
        @Override
        public boolean include(Place place) {
            return !place.head();
        }
    }

    /// See [#named].
    record Named(List<String> names) implements Targets {
        /// Copies the names.
        public Named {
            names = List.copyOf(names);
        }

        @Override
        public boolean include(Place place) {
            return names.stream().anyMatch(name -> isCalled(place, name));
        }

        static boolean isCalled(Place place, String name) {
            return place.name().equals(name) || place.name().endsWith("." + name);
        }
    }

    /// See [#matching].
    record Matching(String expression) implements Targets {
        /// Checks the expression.
        public Matching {
            try {
                Pattern.compile(expression);
            } catch (PatternSyntaxException e) {
                throw new IllegalArgumentException("lora: \"" + expression + "\" is no regular expression: "
                        + e.getDescription(), e);
            }
        }

        @Override
        public boolean include(Place place) {
            return Pattern.matches(expression, place.name());
        }
    }
}
