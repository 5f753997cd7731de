package org.sfumato.cuda.elementwise;

import java.util.IdentityHashMap;
import java.util.Map;
import org.sfumato.tensor.expr.Expr;
import org.sfumato.tensor.expr.Expr.CompareOp;

/// Writes the value of formulas for one element.
final class FormulaCode {
    private final Lane lane;
    private final String[] arguments;
    private final Map<Expr, String> written = new IdentityHashMap<>();

    FormulaCode(Lane lane, String[] arguments) {
        this.lane = lane;
        this.arguments = arguments;
    }

    /// The register or the constant that holds the value of `formula`.
    String value(Expr formula) {
        var known = written.get(formula);
        if (known == null) {
            known = write(formula);
            written.put(formula, known);
        }
        return known;
    }

    private String write(Expr formula) {
        return switch (formula) {
            case Expr.Arg(int index) -> arguments[index];
            case Expr.Const(double c) -> lane.constant(c);
            case Expr.Unary(var op, var a) -> lane.unary(op, value(a));
            case Expr.Binary(var op, var a, var b) -> lane.binary(op, value(a), value(b));
            case Expr.Compare _ -> lane.select(condition(formula), lane.constant(1), lane.constant(0));
            case Expr.Select(var c, var a, var b) -> lane.select(condition(c), value(a), value(b));
        };
    }

    private String condition(Expr formula) {
        return formula instanceof Expr.Compare(var op, var a, var b) ? lane.compare(op, value(a), value(b))
                : lane.compare(CompareOp.NE, value(formula), lane.constant(0));
    }
}
