package org.sfumato.tensor.op;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import org.sfumato.tensor.expr.Expr;

/// What a [Pointwise] operation's gradient is computed by, for one choice of the inputs whose gradients are wanted and
/// of the outputs that have one. Derived once and kept: to derive it costs more than to run it on a small tensor.
///
/// Arguments are the inputs, then the gradients of the outputs.
///
/// @param through for each input the argument that is its gradient as it is, or -1
/// @param wanted the inputs whose gradients `op` computes
/// @param reads the arguments that `op` takes
/// @param op the formulas; without any if `wanted` is empty
record PointwiseGradient(int[] through, int[] wanted, int[] reads, Pointwise op) {
    private static final ConcurrentHashMap<Key, PointwiseGradient> KNOWN = new ConcurrentHashMap<>();

    private record Key(Pointwise op, int inputs, long needed, long given) {
        PointwiseGradient derive() {
            var through = new int[inputs];
            Arrays.fill(through, -1);
            var wanted = new ArrayList<Integer>();
            var slopes = new ArrayList<Expr>();
            for (int k = 0; k < inputs; k++) {
                var slope = slope(k);
                if (slope instanceof Expr.Arg(int at)) {
                    through[k] = at;
                } else if (!slope.isConst(0)) {
                    wanted.add(k);
                    slopes.add(slope);
                }
            }
            // Only what the slopes read takes part, so that nothing more is loaded than needed. A gradient of an output
            // is among it, so the results have its shape.
            var reads = new ArrayList<Integer>();
            var renamed = new ArrayList<Expr>();
            for (int i = 0; i < inputs + op.formulas().size(); i++) {
                boolean isRead = reads(slopes, i);
                renamed.add(isRead ? Expr.arg(reads.size()) : Expr.of(0));
                if (isRead) {
                    reads.add(i);
                }
            }
            var formulas = slopes.stream().map(slope -> slope.substitute(renamed)).toList();
            return new PointwiseGradient(through, ints(wanted), ints(reads),
                    new Pointwise(op.name() + "Grad", formulas, false));
        }

        private Expr slope(int k) {
            var slope = Expr.of(0);
            for (int j = 0; (needed >>> k & 1) != 0 && j < op.formulas().size(); j++) {
                if ((given >>> j & 1) != 0) {
                    slope = slope.add(Expr.arg(inputs + j).mul(op.formulas().get(j).diff(k)));
                }
            }
            return slope;
        }

        private static boolean reads(List<Expr> formulas, int arg) {
            return formulas.stream().anyMatch(f -> f instanceof Expr.Arg(int k) ? k == arg : reads(f.children(), arg));
        }

        private static int[] ints(List<Integer> list) {
            return list.stream().mapToInt(Integer::intValue).toArray();
        }
    }

    /// The gradient of `op` by the inputs of the bits of `needed`, where the outputs of the bits of `given` have one.
    static PointwiseGradient of(Pointwise op, int inputs, long needed, long given) {
        return KNOWN.computeIfAbsent(new Key(op, inputs, needed, given), Key::derive);
    }
}
