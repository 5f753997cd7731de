package org.sfumato.cli;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.concurrent.Callable;
import org.sfumato.models.masked.MaskedDiffusion;
import org.sfumato.models.masked.MaskedSampler;
import org.sfumato.models.masked.Order;
import org.sfumato.models.masked.Sampling;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `sfumato generate`: writes text, or fills gaps in one.
@Command(name = "generate", description = "Write text after a prompt, or fill the gaps of a text.")
final class GenerateCommand implements Callable<Integer> {
    @Mixin
    Common common;

    @Mixin
    Threads threads;

    @Mixin
    ModelOption model;

    @ArgGroup
    Input input = new Input();

    @Option(names = "--length", defaultValue = "256", paramLabel = "N",
            description = "Tokens to write after the prompt (default ${DEFAULT-VALUE}).")
    int length;

    @Option(names = "--steps", paramLabel = "N", description = "Passes through the network (default: one a token).")
    Integer steps;

    @Option(names = "--block", paramLabel = "N", description = "Write in blocks of N tokens, left to right.")
    Integer block;

    @Option(names = "--order", defaultValue = "random",
            description = "random or confidence: what is written first (default ${DEFAULT-VALUE}).")
    Order order;

    @Option(names = "--temperature", defaultValue = "0.8", paramLabel = "T",
            description = "0: always the likeliest token (default ${DEFAULT-VALUE}).")
    double temperature;

    @Option(names = "--guidance", defaultValue = "0", paramLabel = "W",
            description = "Strength of classifier-free guidance by the prompt (default ${DEFAULT-VALUE}).")
    double guidance;

    @Option(names = "--seed", defaultValue = "1", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    long seed;

    @Option(names = "--watch", description = "Show the text while it is being written.")
    boolean watch;

    /// What to start from: one or the other.
    static final class Input {
        @Option(names = "--prompt", paramLabel = "TEXT", description = "What the text begins with.")
        String prompt;

        @Option(names = "--infill", paramLabel = "TEXT",
                description = "A text with gaps: one _ for each token to fill in.")
        String infill;
    }

    @Override
    public Integer call() throws IOException {
        common.atLeast(1, "--length", length);
        common.atLeast(1, "--steps", steps);
        common.atLeast(1, "--block", block);
        common.notNegative("--temperature", temperature);
        common.notNegative("--guidance", guidance);
        try (var scope = Scope.open("generate")) {
            return Scoped.call(scope, () -> {
                var diffusion = model.load(common).masked();
                long start = System.nanoTime();
                var text = write(diffusion);
                double seconds = (System.nanoTime() - start) / 1e9;
                if (!common.json) {
                    common.out().println(text);
                }
                var fields = new LinkedHashMap<String, Object>();
                fields.put("text", text);
                fields.put("seconds", Math.round(seconds * 1000) / 1000.0);
                fields.put("seed", seed);
                common.result(fields);
                return Sfumato.OK;
            });
        }
    }

    private String write(MaskedDiffusion diffusion) {
        boolean filling = input.infill != null;
        var prompt = input.prompt == null ? "" : input.prompt;
        int open = filling ? (int) input.infill.chars().filter(c -> c == MaskedDiffusion.GAP).count() : length;
        int most = Math.max(1, open);
        var sampling = new Sampling(steps == null ? most : steps, block == null ? most : block, order, temperature,
                guidance);
        try (var canvas = watch ? new Canvas(common.err(), diffusion) : null) {
            var observer = canvas == null ? MaskedSampler.Observer.NONE : canvas;
            return filling ? diffusion.infill(input.infill, sampling, Rng.of(seed), observer)
                    : diffusion.generate(prompt, length, sampling, Rng.of(seed), observer);
        }
    }

}
