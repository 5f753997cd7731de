package org.sfumato.cuda.interpreter;

/// An action, who does it, and where it stands in the text.
///
/// @param kind of the action
/// @param lanes the action if it is of that kind; null otherwise, which is never read
/// @param guard as [Warp#bits] reads it, or [#ALWAYS]
record Instruction(Kind kind, Action action, Action.Lanes lanes, int guard, int line) {
    static final int ALWAYS = Integer.MAX_VALUE;

    enum Kind { LANES, TOGETHER, BRANCH, CHOICE, EXIT, TRAP, BARRIER }

    static Instruction of(Action action, int guard, int line) {
        var kind = switch (action) {
            case Action.Lanes _ -> Kind.LANES;
            case Action.Together _ -> Kind.TOGETHER;
            case Action.Branch _ -> Kind.BRANCH;
            case Action.Choice _ -> Kind.CHOICE;
            case Action.Exit _ -> Kind.EXIT;
            case Action.Trap _ -> Kind.TRAP;
            case Action.Barrier _ -> Kind.BARRIER;
        };
        return new Instruction(kind, action, action instanceof Action.Lanes lanes ? lanes : null, guard, line);
    }
}
