package org.sfumato.cuda.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.sfumato.tensor.Device;

/// What runs on a machine with a device runs here on the interpreter, on small shapes.
class GpuCheckTest {
    @Test
    void theCheckRunsThroughAndFindsNothing() {
        var bytes = new ByteArrayOutputStream();
        boolean right = GpuCheck.run(Device.of("ptx:3"), 512, Map.of("add f32", 12.0),
                new PrintStream(bytes, true, StandardCharsets.UTF_8));
        var text = bytes.toString(StandardCharsets.UTF_8);
        assertThat(right).as(text).isTrue();
        assertThat(text).contains("PTX interpreter", "of which 0 wrong", "A small addition",
                "| attention causal bf16 |", "| conv 3x3 f32 |",
                "| softmax gradient bf16 |", "| top 50 f32 |", "| add f32 |", "| 12.0 |", "Memory at the end");
    }
}
