package org.sfumato.models.gist;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.stream.IntStream;
import org.sfumato.models.gaussian.LatentNetwork;
import org.sfumato.models.gaussian.NoisyLatents;
import org.sfumato.models.gaussian.Waves;
import org.sfumato.nn.Activation;
import org.sfumato.nn.Conv2d;
import org.sfumato.nn.GroupNorm;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// The latents as an image on its way through ever coarser grids and back, every block up reading what a block down has
/// made of the same grid. Shapes: z (B, N, D) -> (B, N, D).
///
/// Sources: Ronneberger et al. 2015, arXiv 1505.04597, figure 1; Ho et al. 2020, arXiv 2006.11239, appendix B; the
/// wiring is that of diffusers' UNet2DModel.
public record UNet2d(UNet2dConfig config, Conv2d input, TimeMlp time, List<UNetLevel> down, ResBlock middle1,
        ImageAttention middleAttention, ResBlock middle2, List<UNetLevel> up, GroupNorm norm,
        Conv2d output) implements LatentNetwork {
    private static final int TIME = 4;

    /// Fresh values.
    public static UNet2d init(UNet2dConfig config, Rng rng) {
        var parts = rng.split(8);
        int first = config.channels().getFirst();
        int last = config.channels().getLast();
        int t = TIME * first;
        return new UNet2d(config, Conv2d.same(UNet2dConfig.GRID_CHANNELS, first, 3, parts[0]),
                TimeMlp.init(first, t, Activation.SILU, parts[1]), down(config, t, parts[2]),
                ResBlock.init(last, last, t, config.groups(), parts[3]),
                ImageAttention.init(last, config.groups(), config.headWidth(), parts[4]),
                ResBlock.init(last, last, t, config.groups(), parts[5]), up(config, t, parts[6]),
                GroupNorm.init(first, config.groups(), ResBlock.EPSILON),
                Conv2d.same(first, UNet2dConfig.GRID_CHANNELS, 3, parts[7]));
    }

    private static List<UNetLevel> down(UNet2dConfig config, int time, Rng rng) {
        var levels = new ArrayList<UNetLevel>();
        int channels = config.channels().getFirst();
        for (int i = 0; i < config.channels().size(); i++) {
            int out = config.channels().get(i);
            var ins = new ArrayList<Integer>();
            for (int j = 0; j < config.layers(); j++) {
                ins.add(j == 0 ? channels : out);
            }
            var own = rng.fold(i);
            levels.add(level(config, i, ins, time, i == config.channels().size() - 1 ? null
                    : Conv2d.init(out, out, 3, 2, 1, own.fold(2L * ins.size())), own));
            channels = out;
        }
        return List.copyOf(levels);
    }

    private static List<UNetLevel> up(UNet2dConfig config, int time, Rng rng) {
        var levels = new ArrayList<UNetLevel>();
        int channels = config.channels().getLast();
        for (int i = config.channels().size() - 1; i >= 0; i--) {
            int out = config.channels().get(i);
            var ins = new ArrayList<Integer>();
            for (int j = 0; j <= config.layers(); j++) {        // what it reads was made by a block down, or led there
                int made = j < config.layers() ? out : config.channels().get(Math.max(0, i - 1));
                ins.add((j == 0 ? channels : out) + made);
            }
            var own = rng.fold(i);
            levels.add(level(config, i, ins, time,
                    i == 0 ? null : Conv2d.same(out, out, 3, own.fold(2L * ins.size())), own));
            channels = out;
        }
        return List.copyOf(levels);
    }

    private static UNetLevel level(UNet2dConfig config, int level, List<Integer> ins, int time, Conv2d resample,
            Rng rng) {
        int out = config.channels().get(level);
        int attentions = config.attention().get(level) ? ins.size() : 0;
        return new UNetLevel(
                IntStream.range(0, ins.size()).mapToObj(j -> ResBlock.init(ins.get(j), out, time, config.groups(),
                        rng.fold(2L * j))).toList(),
                IntStream.range(0, attentions).mapToObj(j -> ImageAttention.init(out, config.groups(),
                        config.headWidth(), rng.fold(2L * j + 1))).toList(), resample);
    }

    @Override
    public Tensor forward(NoisyLatents noisy, Pass pass) {
        int half = config.channels().getFirst() / 2;
        var waves = Waves.of(noisy.time(), Waves.geometric(half));
        var t = time.forward(Tensor.concat(-1, waves.slice(-1, half, 2L * half), waves.slice(-1, 0, half)));
        var grid = config.grid();
        var made = new ArrayDeque<Tensor>();
        var x = input.forward(grid.images(noisy.z()));                                                  // (B, C, H, W)
        made.push(x);
        for (var level : down) {
            x = down(level, x, t, made);
        }
        x = middle2.forward(middleAttention.forward(middle1.forward(x, t)), t);
        for (var level : up) {
            x = up(level, x, t, made);
        }
        x = output.forward(norm.forward(x).silu());
        return grid.latents(x, noisy.z().shape());
    }

    private static Tensor down(UNetLevel level, Tensor x, Tensor t, Deque<Tensor> made) {
        for (int j = 0; j < level.blocks().size(); j++) {
            x = level.blocks().get(j).forward(x, t);
            x = level.attentions().isEmpty() ? x : level.attentions().get(j).forward(x);
            made.push(x);
        }
        if (level.resample() != null) {
            x = level.resample().forward(x);
            made.push(x);
        }
        return x;
    }

    private static Tensor up(UNetLevel level, Tensor x, Tensor t, Deque<Tensor> made) {
        for (int j = 0; j < level.blocks().size(); j++) {
            x = level.blocks().get(j).forward(Tensor.concat(1, x, made.pop()), t);
            x = level.attentions().isEmpty() ? x : level.attentions().get(j).forward(x);
        }
        return level.resample() == null ? x : level.resample().forward(x.upsample(2));
    }

    @Override
    public String toString() {
        return summary();
    }
}
