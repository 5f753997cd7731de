package org.sfumato.models.diffusion;

import java.util.Arrays;
import org.sfumato.models.Denoiser;
import org.sfumato.models.Noisy;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// A forward process that replaces tokens by noise as time goes from 0 to 1, each token apart from the others, and the
/// continuous-time bound of the process that undoes it.
public interface NoiseProcess extends VariationalBound<Denoiser> {
    /// How fast signal is lost.
    NoiseSchedule schedule();

    /// The least time that is drawn.
    double low();

    /// The largest time that is drawn.
    double high();

    /// A sample of `q(z_t | x)`. Shapes: ids (B, T) i64 -> (B, T).
    Noisy noise(Tensor ids, Times times, Rng rng);

    /// The integrand over time of the bound at a noisy sample, for each token in nats. Shapes: (B, T) -> (B, T).
    ///
    /// @param ids the clean tokens x
    /// @param noisy a sample of `q(z_t | x)`
    Tensor integrand(Denoiser network, Tensor ids, Noisy noisy, Times times, Pass pass);

    @Override
    default Tensor terms(Denoiser network, Tensor ids, double[] u, Rng rng, Pass pass) {
        var times = Times.ofRows(Arrays.stream(u).map(this::time).toArray());
        return integrand(network, ids, noise(ids, times, rng), times, pass);
    }

    /// The time that lies at share `u` of the times that are drawn.
    default double time(double u) {
        return low() + (high() - low()) * u;
    }

    /// Checks the range of times of a process.
    ///
    /// @throws IllegalArgumentException unless `0 <= low < high <= 1`
    static void requireTimes(double low, double high) {
        if (!(low >= 0 && low < high && high <= 1)) {
            throw new IllegalArgumentException("process: times from " + low + " to " + high
                    + " must rise and lie in [0, 1]");
        }
    }
}
