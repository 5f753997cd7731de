package org.sfumato.tensor.expr;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/// The distinct values of a list of formulas, numbered so that each comes after those it is made of.
///
/// @param nodes the values
/// @param roots the number of each formula's value
record Values(List<Node> nodes, List<Integer> roots) {
    /// A value: the primitive at the top of `expr`, applied to the values `inputs`.
    record Node(Expr expr, List<Integer> inputs) { }

    /// Numbers the values of `formulas`. A formula that shares subtrees is walked once per shared subtree.
    static Values of(List<Expr> formulas) {
        var numbering = new Numbering();
        var roots = formulas.stream().map(numbering::number).toList();
        return new Values(List.copyOf(numbering.nodes), roots);
    }

    private static final class Numbering {
        private record Shape(Object primitive, List<Integer> inputs) { }

        private final List<Node> nodes = new ArrayList<>();
        private final Map<Shape, Integer> known = new HashMap<>();
        private final Map<Expr, Integer> seen = new IdentityHashMap<>();

        private int number(Expr expr) {
            var before = seen.get(expr);
            if (before != null) {
                return before;
            }
            var inputs = expr.children().stream().map(this::number).toList();
            var shape = new Shape(primitive(expr), inputs);
            var number = known.get(shape);
            if (number == null) {
                number = nodes.size();
                nodes.add(new Node(expr, inputs));
                known.put(shape, number);
            }
            seen.put(expr, number);
            return number;
        }

        private static Object primitive(Expr expr) {
            return switch (expr) {
                case Expr.Arg a -> a;
                case Expr.Const c -> c;
                case Expr.Unary(var op, var _) -> op;
                case Expr.Binary(var op, var _, var _) -> op;
                case Expr.Compare(var op, var _, var _) -> op;
                case Expr.Select _ -> Expr.Select.class;
            };
        }
    }
}
