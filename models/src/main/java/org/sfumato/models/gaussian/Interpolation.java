package org.sfumato.models.gaussian;

import java.util.ArrayList;
import java.util.List;
import org.sfumato.tensor.Tensor;

/// Ways from one latent to another.
public enum Interpolation {
    /// `(1 - t) a + t b`. In the middle of two independent normal latents it is shorter than either.
    LINEAR {
        @Override
        public Tensor at(Tensor a, Tensor b, double t) {
            return a.mul(1 - t).add(b.mul(t));
        }
    },
    /// `sin((1 - t) w) / sin(w) a + sin(t w) / sin(w) b` with w the angle between them: as long as both. Source:
    /// Shoemake 1985, SIGGRAPH; of latents: White 2016, arXiv 1609.04468.
    SPHERICAL {
        @Override
        public Tensor at(Tensor a, Tensor b, double t) {
            double cosine = a.mul(b).sum().item()
                    / Math.sqrt(a.square().sum().item() * b.square().sum().item());
            double angle = Math.acos(Math.clamp(cosine, -1, 1));
            double sine = Math.sin(angle);
            return sine < LEAST ? LINEAR.at(a, b, t)
                    : a.mul(Math.sin((1 - t) * angle) / sine).add(b.mul(Math.sin(t * angle) / sine));
        }
    };

    private static final double LEAST = 1e-6;

    /// What lies at share t of the way. Shapes: one latent each, of any one shape.
    public abstract Tensor at(Tensor a, Tensor b, double t);

    /// `count` latents on the way, both ends among them.
    ///
    /// @throws IllegalArgumentException if `count` is below 2
    public List<Tensor> way(Tensor a, Tensor b, int count) {
        if (count < 2) {
            throw new IllegalArgumentException("interpolation: " + count + " latents must be at least 2, the ends");
        }
        var way = new ArrayList<Tensor>();
        for (int i = 0; i < count; i++) {
            way.add(at(a, b, (double) i / (count - 1)));
        }
        return way;
    }
}
