package org.sfumato.models.finetuning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sfumato.models.diffusion.Canvas;
import org.sfumato.models.diffusion.Sampler;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.models.masked.MaskedSampler;
import org.sfumato.models.masked.Order;
import org.sfumato.models.masked.Sampling;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.nn.optim.AdamW;
import org.sfumato.nn.optim.Schedule;
import org.sfumato.tensor.Precision;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tokenizers.ChatForm;

class AnswerTrainerTest {
    private static final int END = 8;
    private static final int MASK = 9;
    private static final MaskedProcess PROCESS = MaskedProcess.of(MASK);

    @TempDir
    Path temp;

    private static Chats chats() {
        return new Chats(ChatForm.LLAMA3, text -> text.chars().toArray());
    }

    private static String text(int[] ids) {
        return new String(ids, 0, ids.length);
    }

    private Path file(String... lines) throws IOException {
        return Files.write(temp.resolve("chats.jsonl"), List.of(lines), StandardCharsets.UTF_8);
    }

    @Test
    void everyAnswerIsAPairWithAllThatWasSaidBefore() throws IOException {
        var read = chats().read(file("{\"messages\": [{\"role\": \"user\", \"content\": \"one\"}, {\"role\": "
                + "\"assistant\", \"content\": \"two\"}, {\"role\": \"user\", \"content\": \"three\"}, {\"role\": "
                + "\"assistant\", \"content\": \"four\"}]}", "", "{\"messages\": [{\"role\": \"user\", \"content\": "
                + "\"five\"}, {\"role\": \"assistant\", \"content\": \"six\"}], \"source\": 7}"), 1000);
        assertThat(read).extracting(List::size).containsExactly(2, 1);
        var first = "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\none<|eot_id|>"
                + "<|start_header_id|>assistant<|end_header_id|>\n\n";
        assertThat(text(read.getFirst().get(0).prompt())).isEqualTo(first);
        assertThat(text(read.getFirst().get(0).answer())).isEqualTo("two<|eot_id|>");
        assertThat(text(read.getFirst().get(1).prompt())).isEqualTo(first + "two<|eot_id|><|start_header_id|>user"
                + "<|end_header_id|>\n\nthree<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n");
        assertThat(text(read.getFirst().get(1).answer())).isEqualTo("four<|eot_id|>");
        var shorter = chats().read(temp.resolve("chats.jsonl"), first.length() + "two<|eot_id|>".length());
        assertThat(shorter).extracting(List::size).as("the longer second turn is left out").startsWith(1);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{\"text\": \"a\"} | line 1: there is no list \"messages\"",
        "{\"messages\": []} | line 1: there is no list \"messages\"",
        "{\"messages\": [{\"role\": \"tool\", \"content\": \"a\"}]} | line 1: message 1 has no role",
        "{\"messages\": [{\"role\": \"user\", \"content\": 5}]} | line 1: message 1 has no role",
        "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]} | line 1: nobody answers",
        "[1] | line 1 is no object",
        "'' | has no answer of at most 100 tokens"})
    void whatIsNoConversationIsNamed(String line, String message) throws IOException {
        var file = file(line);
        assertThatThrownBy(() -> chats().read(file, 100)).isInstanceOf(IOException.class).hasMessageContaining(message);
    }

    /// The numbers 0 to 5, each before a 6: the answer is the number once, or if it is even three times, then a 7.
    private static List<List<PromptAnswer>> questions() {
        var all = new ArrayList<List<PromptAnswer>>();
        for (int n = 0; n < 6; n++) {
            var answer = n % 2 == 0 ? new int[] {n, n, n, 7} : new int[] {n, 7};
            all.add(List.of(new PromptAnswer(new int[] {n, 6}, answer)));
        }
        return all;
    }

    private static AnswerTrainer.Config config(AnswerMasking masking, int steps) {
        return new AnswerTrainer.Config(masking, END, 6, AdamW.Config.of(5e-3), new Schedule.Linear(10, steps, .1), 1,
                Precision.F32, 5);
    }

    @Test
    void aModelLearnsToAnswerAndToStop() {
        try (var scope = Scope.open("test")) {
            scope.run(() -> {
                var network = Transformer.init(TransformerConfig.modern(MASK + 1, 8, 32, 2, 2), Rng.of(1));
                var config = config(new AnswerMasking.Variable(PROCESS), 200);
                var pair = questions().get(4).getFirst();
                var nelbo = new AnswerNelbo(network, PROCESS);
                double before = nelbo.estimate(pair, 32, Rng.of(1)).nats();
                try (var trainer = new AnswerTrainer(network, network.parameters(), questions(), config)) {
                    while (trainer.steps() < 200) {
                        trainer.step();
                    }
                }
                assertThat(before).isGreaterThan(1.5);
                assertThat(nelbo.estimate(pair, 32, Rng.of(1)).nats()).isLessThan(.1);
                var sampler = new MaskedSampler(network, PROCESS, Sampling.oneByOne(Order.CONFIDENCE, 0));
                for (var question : questions()) {
                    var asked = question.getFirst();
                    var filled = sampler.fill(Canvas.after(asked.prompt(), 4), Rng.of(1), Sampler.Observer.NONE);
                    assertThat(filled).startsWith(asked.prompt()).containsSubsequence(asked.answer());
                    assertThat(filled[5]).isEqualTo(asked.answer().length == 4 ? 7 : END);
                }
            });
        }
    }

    @Test
    void everyConversationIsSeenOnceAnEpochByOneOfItsAnswers() {
        var conversations = new ArrayList<List<PromptAnswer>>();
        for (int n = 0; n < 10; n++) {
            var answers = new ArrayList<PromptAnswer>();
            for (int turn = 0; turn <= n % 3; turn++) {
                answers.add(new PromptAnswer(new int[] {n}, new int[] {turn}));
            }
            conversations.add(answers);
        }
        var config = new AnswerTrainer.Config(new AnswerMasking.Fixed(PROCESS, .15), END, 5, AdamW.Config.of(1e-3),
                new Schedule.Constant(0, 10), 1, Precision.F32, 5);
        try (var trainer = new AnswerTrainer((_, _) -> null, Map.of(), conversations, config)) {
            var all = new HashSet<PromptAnswer>();
            for (int epoch = 0; epoch < 40; epoch++) {
                var seen = new TreeSet<Integer>();
                for (int part = 0; part < 2; part++) {
                    trainer.batch(epoch * 2 + part).pairs().forEach(pair -> {
                        seen.add(pair.prompt()[0]);
                        all.add(pair);
                    });
                }
                assertThat(seen).hasSize(10);
            }
            assertThat(all).hasSize(4 + 2 * 3 + 3 * 3);
        }
        assertThatThrownBy(() -> config(new AnswerMasking.Fixed(PROCESS, 2), 1)).hasMessageContaining("share 2.0");
        assertThatThrownBy(() -> new AnswerTrainer((_, _) -> null, Map.of(), List.of(), config))
                .hasMessageContaining("no conversations");
    }
}
