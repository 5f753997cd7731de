package org.sfumato.models.training;

import java.io.IOException;
import java.util.Map;
import org.sfumato.models.Denoiser;
import org.sfumato.models.data.Tokens;
import org.sfumato.models.diffusion.Objective;
import org.sfumato.models.duo.ConsistencyDistillation;
import org.sfumato.models.duo.DuoCurriculum;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.uniform.UniformProcess;
import org.sfumato.nn.Parameters;
import org.sfumato.nn.Pass;
import org.sfumato.nn.checkpoint.Snapshot;
import org.sfumato.nn.checkpoint.Stored;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;
import org.sfumato.tokenizers.Tokenizer;
import tools.jackson.databind.node.JsonNodeFactory;

/// Distils a trained uniform-state model in rounds of [ConsistencyDistillation]: at the start of each, the teacher
/// takes the student's weights, and looks twice as far back as in the round before. The student's average, if the
/// recipe has one, is what is to be used. Source: Sahoo et al. 2025, arXiv 2506.10892 (Duo), algorithm 2.
public final class Distillation implements AutoCloseable {
    /// Rounds of the paper.
    public static final int ROUNDS = 5;

    /// The divergence of the round that a moment of the run falls in.
    private record Rounds(Denoiser teacher, DuoCurriculum path, int count) implements Objective<Denoiser> {
        private static final double SLACK = 1e-9;                       // for shares that are rounded down

        @Override
        public Tensor loss(Denoiser student, Tensor ids, Rng rng, Pass pass) {
            return ConsistencyDistillation.round(teacher, path, 0).loss(student, ids, rng, pass);
        }

        @Override
        public Objective<Denoiser> at(double done) {
            return ConsistencyDistillation.round(teacher, path, (int) (done * count + SLACK));
        }
    }

    private final Scope scope = Scope.open("distillation");
    private final Transformer teacher;
    private final Trainer trainer;
    private final long steps;
    private final long total;

    /// A student and a teacher with the weights of `network`, which stays as it is.
    ///
    /// @param config the recipe, of the network's configuration
    /// @param path of noise
    /// @param steps of each round
    /// @throws IllegalArgumentException if the recipe is of another network, or there is no round or step
    public Distillation(TrainingConfig config, Transformer network, DuoCurriculum path, Tokens tokens, int rounds,
            long steps) {
        if (rounds < 1 || steps < 1 || !config.model().equals(network.config())) {
            throw new IllegalArgumentException("distillation: rounds " + rounds + " and steps " + steps
                    + " must be at least 1, and the recipe of the network itself");
        }
        this.steps = steps;
        this.total = rounds * steps;
        this.teacher = scope.call(() -> Transformer.zero(config.model()));
        this.trainer = new Trainer(config, new Rounds(teacher, path, rounds), tokens, rounds * steps);
        Parameters.load(trainer.parameters(), network.parameters());
        if (!trainer.averages().isEmpty()) {
            Parameters.load(trainer.averages(), network.parameters());
        }
    }

    /// One step.
    ///
    /// @return the divergence of the student from the teacher in nats per token
    public double step() {
        if (trainer.steps() % steps == 0) {
            Parameters.load(teacher.parameters(), trainer.parameters());
        }
        return trainer.step();
    }

    /// What is needed to go on with the next round, and to write: at the end of a round, a model of `process`.
    ///
    /// @throws IllegalStateException within a round, as its teacher is not kept
    public Snapshot snapshot(UniformProcess process, Tokenizer tokenizer) {
        if (trainer.steps() % steps != 0) {
            throw new IllegalStateException("distillation: step " + trainer.steps() + " is within a round");
        }
        return TrainingCheckpoint.of(trainer, process, tokenizer, JsonNodeFactory.instance.objectNode());
    }

    /// Goes on where a distillation of the same recipe stood.
    ///
    /// @throws IOException if a file cannot be read or does not fit
    public void restore(Stored stored) throws IOException {
        TrainingCheckpoint.restore(trainer, stored);
        trainer.plan(total);
    }

    /// Steps done so far.
    public long steps() {
        return trainer.steps();
    }

    /// True if all rounds are over.
    public boolean finished() {
        return trainer.steps() >= total;
    }

    /// The student, whose parameters change with every step.
    public Transformer student() {
        return trainer.network();
    }

    /// The student's averaged parameters by name, live; empty if there is no average.
    public Map<String, Tensor> averages() {
        return trainer.averages();
    }

    /// The teacher of the round.
    public Transformer teacher() {
        return teacher;
    }

    /// Frees both networks.
    @Override
    public void close() {
        trainer.close();
        scope.close();
    }
}
