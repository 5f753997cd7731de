package org.sfumato.models.gaussian;

import java.util.ArrayList;
import java.util.List;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// What each step of a sampler decides: how much the prediction of the clean latents before it is what will come out.
/// An observer of one sampling.
public final class Decisions implements LatentObserver {
    private final List<NoiseLevel> levels = new ArrayList<>();
    private final List<float[]> predictions = new ArrayList<>();
    private Shape shape = Shape.SCALAR;

    /// Nothing seen yet.
    public Decisions() { }

    /// A step as it was seen.
    ///
    /// @param level at which the clean latents were predicted
    /// @param cosine of the prediction and what came out in the end, mean over rows
    /// @param decided by how much that is more than at the step before
    public record Decision(NoiseLevel level, double cosine, double decided) { }

    @Override
    public void step(Step step) {
        var clean = step.from().clean();
        shape = clean.shape();
        levels.add(step.from().level());
        predictions.add(clean.cast(DType.F32).toFloats());
    }

    /// How many steps were seen.
    public int steps() {
        return levels.size();
    }

    /// The clean latents as they were predicted at step `i`, in the current scope. Shape: (B, N, D).
    public Tensor prediction(int i) {
        return Tensor.of(predictions.get(i), shape.sizes());
    }

    /// What each step has decided, given what came out. Shapes: end (B, N, D).
    public List<Decision> decisions(Tensor end) {
        var last = WienerFilter.rows(end);
        var decisions = new ArrayList<Decision>();
        double before = 0;
        for (int i = 0; i < levels.size(); i++) {
            double sum = 0;
            int width = last[0].length;
            for (int row = 0; row < last.length; row++) {
                var predicted = new double[width];
                for (int d = 0; d < width; d++) {
                    predicted[d] = predictions.get(i)[row * width + d];
                }
                sum += Cosine.of(predicted, last[row]);
            }
            double cosine = sum / last.length;
            decisions.add(new Decision(levels.get(i), cosine, cosine - before));
            before = cosine;
        }
        return decisions;
    }
}
