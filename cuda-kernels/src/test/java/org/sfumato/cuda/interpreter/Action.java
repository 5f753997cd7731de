package org.sfumato.cuda.interpreter;

/// What an instruction does.
sealed interface Action {
    /// Something that each lane does for itself. `from` and `to` bound a run of lanes that take part; an action has its
    /// own loop over them and asks nobody about the others.
    @FunctionalInterface
    non-sealed interface Lanes extends Action {
        void run(Warp warp, int from, int to);
    }

    /// Something that lanes do together. It waits until all that it names have come.
    non-sealed interface Together extends Action {
        /// The lanes that `lane` waits for, a bit for each; with [#aligned], all of the warp.
        int members(Warp warp, int lane);

        /// True if all 32 lanes must take part.
        default boolean aligned() {
            return false;
        }

        /// Does it for the lanes of `mask`.
        void run(Warp warp, int mask);
    }

    /// Goes to an instruction.
    record Branch(Target target) implements Action { }

    /// Goes to one of several instructions, by a word.
    record Choice(int index, Target[] targets) implements Action { }

    /// Ends the thread.
    record Exit() implements Action { }

    /// Ends the launch with a fault.
    record Trap() implements Action { }

    /// Waits for all threads of the block.
    ///
    /// @param id a word: which of the block's barriers
    /// @param threads a word: how many threads it is for; -1 for all
    /// @param vote what is made of a predicate of all threads
    record Barrier(int id, int threads, Vote vote) implements Action { }

    /// How a barrier counts: `none`, `popc`, `and`, `or`.
    ///
    /// @param predicate as [Warp#bits] reads it
    /// @param result a word for `popc`, a predicate otherwise
    record Vote(String how, int predicate, int result) { }

    /// The number of an instruction, known once its label has been met.
    final class Target {
        private int at = -1;

        int at() {
            return at;
        }

        void set(int instruction) {
            at = instruction;
        }
    }
}
