package org.sfumato.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;

class SharedDataTest {

    @Test
    void anAbsentFileSkipsTheTestAndNamesTheFile() {
        assertThat(SharedData.find("no/such/file")).isEmpty();
        assertThatThrownBy(() -> SharedData.require("no/such/file"))
                .isInstanceOf(TestAbortedException.class)
                .hasMessageContaining("shared/data/no/such/file");
    }
}
