package org.sfumato.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.sfumato.testing.SharedData;
import org.sfumato.tokenizers.ChatTemplate.Message;
import org.sfumato.tokenizers.ChatTemplate.Role;

class ChatTemplateTest {
    private static final List<Message> CHAT = List.of(new Message(Role.SYSTEM, "You are helpful."),
            new Message(Role.USER, "Hello"), new Message(Role.ASSISTANT, "Hi there!"));

    /// The form that Meta's model card of Llama 3 shows.
    @Test
    void llama3() {
        assertThat(ChatForm.LLAMA3.text(CHAT)).isEqualTo("<|begin_of_text|><|start_header_id|>system"
                + "<|end_header_id|>\n\nYou are helpful.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n"
                + "Hello<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nHi there!<|eot_id|>");
    }

    /// The form of the prompt in LLaDA's `get_log_likelihood.py`.
    @Test
    void llada() {
        assertThat(ChatForm.LLADA.prompt(List.of(new Message(Role.USER, "How many?")))).isEqualTo("<|startoftext|>"
                + "<|start_header_id|>user<|end_header_id|>\n\nHow many?<|eot_id|>"
                + "<|start_header_id|>assistant<|end_header_id|>\n\n");
    }

    @Test
    void modernBert() throws IOException {
        var pair = List.of(new Message(Role.USER, "Why?"), new Message(Role.ASSISTANT, "Because."));
        var text = ChatForm.MODERNBERT_DLLM.text(pair);
        assertThat(text).isEqualTo("[CLS]User: Why?\n[SEP]\nAssistant:\nBecause.[SEP]");
        assertThatThrownBy(() -> ChatForm.MODERNBERT_DLLM.text(CHAT))
                .hasMessageStartingWith("chat: the roles are [SYSTEM, USER, ASSISTANT], expected [USER, ASSISTANT]");
        var ids = Tokenizers.load(SharedData.require("tok-modernbert")).encode(text);
        assertThat(ids).startsWith(50281).endsWith(50282);
        assertThat(java.util.Arrays.stream(ids).filter(id -> id == 50282).count()).isEqualTo(2);
    }
}
