package org.sfumato.models.reverse;

import java.util.Arrays;
import java.util.List;
import org.sfumato.models.gaussian.NoisyLatents;
import org.sfumato.models.gaussian.Steerable;
import org.sfumato.models.gaussian.Waves;
import org.sfumato.nn.Init;
import org.sfumato.nn.LayerNorm;
import org.sfumato.nn.Linear;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Tensor;

/// `W [z ; waves(t)]`, then an encoder and a decoder, both of which read it: PyTorch's `nn.Transformer` with source =
/// target. Shapes: z (B, N, D) -> (B, N, D).
///
/// With one vector for each text every softmax is over one element, so attention is an affine map of it. Source:
/// torinriley/LDLM, "Reverse Transformer".
///
/// @param input of latents and time together, (D, 2 D)
/// @param position (N, D), what tells the vectors of a text apart; `null` for one vector
public record ReverseTransformer(ReverseTransformerConfig config, Linear input, Tensor position,
        List<EncoderLayer> encoder, LayerNorm encoderNorm, List<DecoderLayer> decoder,
        LayerNorm decoderNorm) implements Steerable {
    private static final double POSITION = .02;

    /// Fresh values.
    public static ReverseTransformer init(ReverseTransformerConfig config, Rng rng) {
        var parts = rng.split(4);
        int d = config.width();
        return new ReverseTransformer(config, Linear.init(2L * d, d, true, parts[0]),
                config.length() == 1 ? null : Init.normal(POSITION, parts[1], config.length(), d),
                Arrays.stream(parts[2].split(config.encoderLayers())).map(r -> EncoderLayer.init(config, r)).toList(),
                LayerNorm.init(d, EncoderLayer.EPSILON),
                Arrays.stream(parts[3].split(config.decoderLayers())).map(r -> DecoderLayer.init(config, r)).toList(),
                LayerNorm.init(d, EncoderLayer.EPSILON));
    }

    /// The same parameters, told the time in another way.
    public ReverseTransformer withTime(TimeWaves time) {
        return new ReverseTransformer(config.withTime(time), input, position, encoder, encoderNorm, decoder,
                decoderNorm);
    }

    /// @throws ShapeException if there are more vectors, or wider ones, than the network takes
    @Override
    public Tensor stream(NoisyLatents noisy, Pass pass, Steering steering) {
        var z = noisy.z();
        if (z.size(1) > config.length() || z.size(2) != config.width()) {
            throw new ShapeException("reverse transformer: takes up to " + config.length() + " vectors of width "
                    + config.width() + ", got " + z.shape());
        }
        var told = Waves.of(noisy.time(), config.time().frequencies(config.width()))
                .unsqueeze(1).expand(Shape.of(z.size(0), z.size(1), z.size(2)));
        var x = input.forward(Tensor.concat(-1, z, told));                                             // (B, N, D)
        x = steering.at(0, position == null ? x : x.add(position.slice(0, 0, z.size(1))));
        var memory = x;
        int part = 0;
        for (var layer : encoder) {
            memory = layer.forward(memory, pass.part(part));
            memory = steering.at(++part, memory);
        }
        memory = encoderNorm.forward(memory);
        for (var layer : decoder) {
            x = layer.forward(x, memory, pass.part(part));
            x = steering.at(++part, x);
        }
        return x;
    }

    @Override
    public Tensor predict(Tensor stream) {
        return decoderNorm.forward(stream);
    }

    @Override
    public boolean predicts(String name) {
        return name.startsWith("decoderNorm.");
    }

    @Override
    public String toString() {
        return summary();
    }
}
