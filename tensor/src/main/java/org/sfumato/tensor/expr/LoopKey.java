package org.sfumato.tensor.expr;

import java.util.List;
import java.util.concurrent.ConcurrentHashMap;

import org.sfumato.tensor.DType;

/// What makes one [ExprLoop] different from another, and the loops made so far.
record LoopKey(List<Expr> formulas, DType compute, long scalars) {
    private static final ConcurrentHashMap<LoopKey, ExprLoop> LOOPS = new ConcurrentHashMap<>();

    /// The loop, made on first use.
    static ExprLoop loop(List<Expr> formulas, DType compute, long scalars) {
        var key = new LoopKey(List.copyOf(formulas), compute, scalars);
        var loop = LOOPS.get(key); // does not lock, as computeIfAbsent may
        return loop != null ? loop : LOOPS.computeIfAbsent(key, LoopKey::compile);
    }

    private ExprLoop compile() {
        if (formulas.isEmpty()) {
            throw new IllegalArgumentException("loop: no formula");
        }
        if (compute.compute() != compute) {
            throw new IllegalArgumentException("loop: " + compute + " is a storage type"
                + "\nhint: compute in " + compute.compute());
        }
        for (var formula : formulas) {
            if (formula.arity() > Long.SIZE) {
                throw new IllegalArgumentException("loop: too many operands, " + formula.arity() + " > " + Long.SIZE);
            }
            if (compute == DType.I64 && !formula.isIntegral()) {
                throw new IllegalArgumentException("loop: not a formula of whole numbers, " + formula
                    + "\nhint: compute in f32 or f64");
            }
        }
        return new LoopCompiler(Values.of(formulas), LaneCode.of(compute), scalars).compile();
    }
}
