package org.sfumato.models.duo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sfumato.autograd.Tape;
import org.sfumato.models.Denoiser;
import org.sfumato.models.Noisy;
import org.sfumato.models.SoftDenoiser;
import org.sfumato.models.SoftTokens;
import org.sfumato.models.data.Tokens;
import org.sfumato.models.diffusion.Times;
import org.sfumato.models.training.Distillation;
import org.sfumato.models.training.TrainingConfig;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Precision;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// Distillation and the baseline loss against their sums in float64.
class DistillationTest {
    private static final int K = 6;

    private static double[] softmax(double[] logits) {
        double sum = 0;
        var p = new double[logits.length];
        for (int v = 0; v < p.length; v++) {
            p[v] = Math.exp(logits[v]);
            sum += p[v];
        }
        for (int v = 0; v < p.length; v++) {
            p[v] /= sum;
        }
        return p;
    }

    private static double[] row(Tensor table, long id) {
        return table.slice(0, id, id + 1).toDoubles();
    }

    @Test
    void theStudentIsComparedWithTheTeacherEarlierOnTheSamePath() {
        try (var scope = Scope.open("test")) {
            scope.run(() -> {
                var student = Tensor.normal(Shape.of(K, K), Rng.of(1));
                var teacher = Tensor.normal(Shape.of(K, K), Rng.of(2));
                var path = DuoCurriculum.of(K);
                var relaxation = GaussianRelaxation.of(K);
                var ids = Tensor.integers(Shape.of(3, 40), K, Rng.of(3));
                double[] u = {.1, .5, .9};
                var objective = new ConsistencyDistillation((noisy, _) -> teacher.embedding(noisy.ids()), path, .25);
                var terms = objective.terms((noisy, _) -> student.embedding(noisy.ids()), ids, u, Rng.of(4),
                        Pass.INFERENCE).toDoubles();
                var late = relaxation.latents(ids, Times.ofRows(u).each(path::gamma), Rng.of(4)).argmax(-1).toLongs();
                var early = relaxation.latents(ids, Times.ofRows(0, .25, .65).each(path::gamma), Rng.of(4)).argmax(-1)
                        .toLongs();
                int moved = 0;
                for (int i = 0; i < terms.length; i++) {
                    var p = softmax(row(student, late[i]));
                    var q = softmax(row(teacher, early[i]));
                    double expected = 0;
                    for (int v = 0; v < K; v++) {
                        expected += p[v] * Math.log(p[v] / q[v]);
                    }
                    assertThat(terms[i]).isCloseTo(expected, within(1e-5));
                    moved += late[i] == early[i] ? 0 : 1;
                }
                assertThat(moved).isBetween(10, 80);
            });
        }
    }

    @Test
    void theTeacherLearnsNothingAndDeltaDoubles() {
        try (var scope = Scope.open("test")) {
            scope.run(() -> {
                var table = Tensor.normal(Shape.of(K, K), Rng.of(1));
                var fixed = Tensor.normal(Shape.of(K, K), Rng.of(2));
                Denoiser student = (noisy, _) -> table.embedding(noisy.ids());
                Denoiser teacher = (noisy, _) -> fixed.embedding(noisy.ids());
                var ids = Tensor.integers(Shape.of(4, 8), K, Rng.of(3));
                var first = ConsistencyDistillation.round(teacher, DuoCurriculum.of(K), 0);
                try (var tape = Tape.record(() -> first.loss(student, ids, Rng.of(4), Pass.INFERENCE))) {
                    assertThat(tape.value().item()).isPositive();
                    assertThat(tape.gradients(table).of(table).toFloats()).isNotEqualTo(new float[K * K]);
                }
                try (var tape = Tape.record(() -> first.loss(student, ids, Rng.of(4), Pass.INFERENCE))) {
                    assertThatThrownBy(() -> tape.gradients(fixed)).hasMessageContaining("does not depend");
                }
                assertThat(ConsistencyDistillation.round(teacher, DuoCurriculum.of(K), 4).delta()).isEqualTo(16 / 512.);
                assertThat(ConsistencyDistillation.round(teacher, DuoCurriculum.of(K), 20).delta()).isEqualTo(1);
                assertThatThrownBy(() -> new ConsistencyDistillation(teacher, DuoCurriculum.of(K), 0))
                        .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("delta 0.0");
            });
        }
    }

    @Test
    void everyRoundBeginsWithTheStudentAsTeacher() {
        var model = TransformerConfig.modern(K, 16, 16, 1, 2).withStart(TransformerConfig.Start.NORMAL)
                .withConditioning(8);
        var config = new TrainingConfig(model, 8, 16, 3e-3, 0, .9, .99, .1, false, 1, 0, 0, .9, 0, 5,
                Precision.F32);
        var tokens = Tokens.of(IntStream.range(0, 500).map(i -> (i * i / 7 + i) % K).toArray());
        try (var scope = Scope.open("test")) {
            var network = scope.call(() -> Transformer.init(model, Rng.of(1)));
            var before = weights(network);
            try (var distillation = new Distillation(config, network, DuoCurriculum.of(K), tokens, 2, 3)) {
                float[] taught = before;
                for (int step = 0; !distillation.finished(); step++) {
                    taught = step % 3 == 0 ? weights(distillation.student()) : taught;
                    assertThat(distillation.step()).isFinite();
                    assertThat(weights(distillation.teacher())).isEqualTo(taught);
                    assertThat(weights(distillation.student())).isNotEqualTo(taught);
                }
                assertThat(taught).isNotEqualTo(before);
                assertThat(distillation.averages()).isNotEmpty();
            }
            assertThat(weights(network)).isEqualTo(before);
            assertThatThrownBy(() -> new Distillation(config, network, DuoCurriculum.of(K), tokens, 0, 3))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("rounds 0");
        }
    }

    private static float[] weights(Transformer network) {
        return network.parameters().get("token.weight").toFloats();
    }

    /// The same logits whatever is read.
    private static SoftDenoiser constant(Tensor logits) {
        return new SoftDenoiser() {
            @Override
            public Tensor forward(SoftTokens soft, Pass pass) {
                return logits.expand(((SoftTokens.Dense) soft).weights().shape());
            }

            @Override
            public Tensor forward(Noisy noisy, Pass pass) {
                throw new AssertionError("the baseline reads soft tokens only");
            }
        };
    }

    @Test
    void theBaselineHasItsFormula() {
        try (var scope = Scope.open("test")) {
            scope.run(() -> {
                var logits = Tensor.normal(Shape.of(K), Rng.of(1));
                var p = softmax(logits.toDoubles());
                var ids = Tensor.of(LongStream.range(0, K).toArray(), 1, K);
                var terms = FlowLm.of(K).terms(constant(logits), ids, new double[] {.5}, Rng.of(2), Pass.INFERENCE)
                        .toDoubles();
                for (int x = 0; x < K; x++) {
                    double sum = -Math.log(p[x]);
                    for (int v = 0; v < K; v++) {
                        sum += Math.exp(p[v]) * (p[v] - Math.log((v == x ? 1 : 0) + 1e-8));
                    }
                    assertThat(terms[x]).isCloseTo(.09 / (K * .91 + .09) * sum, within(1e-5));
                }
            });
        }
    }

    /// Of a perfect prediction nearly the whole loss is the constant, and hardly any signal is left in its range.
    @ParameterizedTest
    @CsvSource({".03, .57, .409", ".09, 1.82, .024", ".15, 3.25, .006"})
    void theBaselineIsAConstantAtALargeVocabulary(double t, double offset, double signal) {
        int vocabulary = 50_368;
        assertThat(GaussianRelaxation.of(vocabulary).alpha(FlowLm.gamma(t))).isCloseTo(signal, within(6e-4));
        try (var scope = Scope.open("test")) {
            double loss = scope.call(() -> {
                var logits = Tensor.arange(vocabulary).eq(7).where(Tensor.of(30f), Tensor.of(0f));
                var ids = Tensor.of(new long[] {7}, 1, 1);
                return new FlowLm(vocabulary, t, t + 1e-9, 1e-3)
                        .terms(constant(logits), ids, new double[] {0}, Rng.of(2), Pass.INFERENCE).item();
            });
            assertThat(loss).isCloseTo(offset, within(6e-3));
        }
    }
}
