package org.sfumato.cuda;

import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.sfumato.cuda.elementwise.Bodies;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.expr.Expr;
import org.sfumato.tensor.op.Pointwise;
import org.sfumato.tensor.spi.Operand;

/// Runs formulas. Most of them are constants of a class and found by identity; of lists made anew the formulas
/// themselves are compared.
final class Formulary {
    private static final int REMEMBERED = 4096;

    private final ElementKernels kernels;
    private final Map<List<Expr>, Known> byIdentity = new IdentityHashMap<>();
    private final Map<List<Expr>, Known> known = new HashMap<>();

    Formulary(ElementKernels kernels) {
        this.kernels = kernels;
    }

    /// Formulas met before; equal only to itself.
    private static final class Known {
        final List<Expr> formulas;
        final Map<DType, Written> written = new HashMap<>();

        Known(List<Expr> formulas) {
            this.formulas = formulas;
        }

        Written in(DType compute) {
            return written.computeIfAbsent(compute, type -> new Written(this, type));
        }
    }

    /// Formulas in one type of arithmetic; equal only to itself.
    private static final class Written {
        final Known known;
        final DType compute;

        Written(Known known, DType compute) {
            this.known = known;
            this.compute = compute;
        }
    }

    /// `out_j = formula_j(in)`. An output may be an input, element upon the same element.
    void run(Pointwise op, Operand[] in, Operand[] out) {
        var types = new Spec[in.length];
        for (int k = 0; k < in.length; k++) {
            types[k] = in[k].spec();
        }
        var written = of(op.formulas()).in(op.compute(types));
        kernels.run(written, () -> Bodies.formulas(written.known.formulas, written.compute,
                Arrays.stream(in).map(Operand::dtype).toList(), out[0].dtype()), in, out);
    }

    private Known of(List<Expr> formulas) {
        var found = byIdentity.get(formulas);
        if (found == null) {
            if (byIdentity.size() >= REMEMBERED) {
                byIdentity.clear();
            }
            found = known.computeIfAbsent(formulas, Known::new);
            byIdentity.put(formulas, found);
        }
        return found;
    }
}
