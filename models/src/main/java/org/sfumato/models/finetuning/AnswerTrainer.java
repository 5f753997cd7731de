package org.sfumato.models.finetuning;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.sfumato.models.Denoiser;
import org.sfumato.models.data.Shuffle;
import org.sfumato.models.training.Descent;
import org.sfumato.nn.Pass;
import org.sfumato.nn.optim.AdamW;
import org.sfumato.nn.optim.Schedule;
import org.sfumato.tensor.Precision;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Fine-tunes a network on conversations: each is seen once an epoch, by one of its answers at random.
///
/// Everything in step `s` is a function of the seed and `s` alone.
public final class AnswerTrainer implements AutoCloseable {
    private static final int ANSWER = 0;
    private static final int NOISE = 1;
    private static final int DROPOUT = 2;

    /// How it is trained.
    ///
    /// @param masking what is hidden and what it counts
    /// @param end the id with which short answers are filled up
    /// @param batch conversations of a step
    /// @param adamW the optimiser, with the height of its rate
    /// @param schedule the course of the rate
    /// @param clip the largest norm of all gradients together
    /// @param precision of the loss and its gradients; parameters are f32 in each
    /// @param seed of everything random
    public record Config(AnswerMasking masking, int end, int batch, AdamW.Config adamW, Schedule schedule, double clip,
            Precision precision, long seed) {
        /// Checks batch and clip.
        public Config {
            if (batch < 1 || !(clip > 0)) {
                throw new IllegalArgumentException("fine-tuning: batch " + batch + " must be at least 1, clip " + clip
                        + " above 0");
            }
        }
    }

    private final Scope scope = Scope.open("fine-tuning");
    private final Denoiser network;
    private final Map<String, Tensor> parameters;
    private final List<List<PromptAnswer>> conversations;
    private final Config config;
    private final Descent descent;
    private long step;

    /// Of `network` the `parameters`, which may be those of an adapter alone.
    ///
    /// @param conversations the answers of each with what was said before, as [Chats] reads them
    public AnswerTrainer(Denoiser network, Map<String, Tensor> parameters, List<List<PromptAnswer>> conversations,
            Config config) {
        if (conversations.isEmpty()) {
            throw new IllegalArgumentException("fine-tuning: there are no conversations");
        }
        this.network = network;
        this.parameters = parameters;
        this.conversations = conversations;
        this.config = config;
        this.descent = scope.call(() -> new Descent(parameters, new AdamW(parameters, config.adamW()), config.clip(),
                config.precision()));
    }

    /// The rows of step `number`.
    AnswerBatch batch(long number) {
        var rng = Rng.of(config.seed());
        var pairs = new ArrayList<PromptAnswer>();
        var numbers = new ArrayList<Long>();
        for (int row = 0; row < config.batch(); row++) {
            long place = number * config.batch() + row;
            long epoch = place / conversations.size();
            long index = new Shuffle(rng.fold(ANSWER).fold(epoch), conversations.size())
                    .at(place % conversations.size());
            var answers = conversations.get((int) index);
            int which = (int) rng.fold(ANSWER).fold(epoch).fold(index).below(0, answers.size());
            pairs.add(answers.get(which));
            numbers.add(index << Integer.SIZE | which);
        }
        return new AnswerBatch(pairs, numbers, config.end());
    }

    /// One step.
    ///
    /// @return the loss in nats per token
    /// @throws ArithmeticException if it is not finite; the parameters are then as they were before the step
    public double step() {
        var rng = Rng.of(config.seed()).fold(step);
        var batch = batch(step);
        double loss = descent.step(parameters, () -> config.masking().loss(network, batch,
                rng.fold(NOISE), Pass.training(rng.fold(DROPOUT))), config.schedule().at(step), step);
        step++;
        return loss;
    }

    /// The state of the optimiser and of the scale of the loss by name, live.
    public Map<String, Tensor> optimizerState() {
        return descent.state();
    }

    /// Goes on after `steps` steps; the parameters and the state of the optimiser are put in place by the caller.
    public void resume(long steps) {
        step = steps;
    }

    /// Steps done so far.
    public long steps() {
        return step;
    }

    /// Frees the state of the optimiser; the network stays.
    @Override
    public void close() {
        descent.close();
        scope.close();
    }
}
