package org.sfumato.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.sfumato.models.gaussian.DiscreteSchedule;
import org.sfumato.models.gaussian.GaussianProcess;
import org.sfumato.models.gaussian.LatentModel;
import org.sfumato.models.gaussian.Parameterisation;
import org.sfumato.models.latent.LatentStatistics;
import org.sfumato.models.reverse.MeanPooling;
import org.sfumato.models.reverse.ReverseTransformerConfig;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;

/// Every example on latents runs, at a tiny size, with an encoder that has learned nothing.
class LatentExamplesTest {
    private static final String TEXT = """
            The king sat on his old throne. The queen walked in the green garden. Nobody saw the little dog.
            A ship came over the wide sea. Its captain was a tall man. It went away in the evening.
            """;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    private Scope scope;
    private Sentences sentences;

    @BeforeEach
    void encode() {
        scope = Scope.open("test");
        scope.run(() -> {
            var network = Transformer.init(TransformerConfig.modern(128, 64, 16, 1, 2), Rng.of(1));
            var encoder = new MeanPooling(network, text -> text.chars().toArray(), 64, MeanPooling.Pooling.TOKENS);
            sentences = Sentences.encoded(Sentences.cut(TEXT), encoder);
        });
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private String printed() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void aWayBetweenSentencesBeginsAndEndsWithThem() {
        scope.run(() -> {
            var texts = sentences.texts();
            assertThat(texts).hasSize(6);
            assertThat(InterpolateSentences.run(sentences, texts.get(0), texts.get(4), 5, out)).isBetween(2, 6);
            assertThat(printed()).contains("LINEAR", "SPHERICAL", "| 0.00 |", "| " + texts.get(0) + " |",
                    "| " + texts.get(4) + " |");
        });
    }

    /// `b - a + a` is b.
    @Test
    void arithmeticThatTakesAndGivesBackTheSameEndsWhereItBegan() {
        scope.run(() -> {
            var texts = sentences.texts();
            var found = LatentArithmetic.run(sentences, List.of(texts.get(1), texts.get(3), texts.get(1)), 2, out);
            assertThat(found.getFirst().text()).isEqualTo(texts.get(3));
            assertThat(found.getFirst().cosine()).isGreaterThan(.999);
        });
    }

    @Test
    void aMapShowsEverySentence() {
        var picture = scope.call(() -> MapOfTexts.run(sentences, out));
        assertThat(picture).startsWith("<svg").contains("under 60 characters");
        assertThat(printed()).startsWith("6 sentences").contains("highest: ");
    }

    @Test
    void theLastStepDecidesWhatComesOut() {
        scope.run(() -> {
            var process = new GaussianProcess(DiscreteSchedule.scaledLinear(), new Parameterisation.V());
            var model = new LatentModel(ReverseTransformerConfig.small(16, 1).init(Rng.of(1)), process,
                    LatentStatistics.of(sentences.latents().latents()), 0);
            assertThat(WhatStepsDecide.run(sentences, model, new int[] {3, 2}, out)).contains("noise over signal");
            assertThat(printed().lines().toList().getLast()).startsWith("| 3 |").contains("| 1.000 |");
        });
    }

    /// It begins as the frozen network, and moves.
    @Test
    void firstWordsAreObeyed() {
        scope.run(() -> {
            var size = new ControlFirstWords.Size(4, 16, 2, 2, 3);
            var outcome = ControlFirstWords.run(Sentences.simple(60), size, out);
            assertThat(outcome.controlled()).hasSize(3);
            assertThat(outcome.controlled().getFirst()).isEqualTo(outcome.frozen());
            assertThat(outcome.controlled().getLast()).isNotEqualTo(outcome.frozen());
            assertThat(printed()).contains("frozen: cosine", "step 4: ", " ... -> ");
            assertThat(ControlFirstWords.picture(outcome, size)).startsWith("<svg").contains("controlled");
        });
    }

    @Test
    void restoredLatentsAreMeasured() {
        scope.run(() -> {
            var report = RestoreLatents.run(sentences.latents(), new RestoreLatents.Size(2, 2, List.of(100), 2), out);
            assertThat(report.cases()).hasSize(1);
            assertThat(printed()).contains("| 100 | 0.8942 | one-shot |", "the authors' loop");
        });
    }
}
