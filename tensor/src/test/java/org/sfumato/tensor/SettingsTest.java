package org.sfumato.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sfumato.testing.ChildJvm;

/// Settings are read once in a process, hence the child JVMs.
class SettingsTest {
    /// Prints the settings.
    static final class Program {
        private Program() { }

        public static void main(String[] arguments) {
            System.out.println(Settings.current());
        }
    }

    @Test
    void theDefaultsAreTheCpuAndAllProcessors() throws Exception {
        var child = ChildJvm.run(Program.class, null, "-XX:ActiveProcessorCount=3");
        assertThat(child.output()).contains("Settings[device=cpu, threads=3, checkNan=false, trackLeaks=false, "
                + "cuda=Cuda[jcuda=false, cublas=true, graphs=true, folders=[");
        assertThat(child.status()).isZero();
    }

    @Test
    void everyPropertyIsRead() throws Exception {
        var child = ChildJvm.run(Program.class, null, "-Dsfumato.device=cuda:1", "-Dsfumato.threads=5",
                "-Dsfumato.checkNan=true", "-Dsfumato.trackLeaks", "-Dsfumato.cuda.driver=jcuda",
                "-Dsfumato.cuda.cublas=false", "-Dsfumato.cuda.graphs=false",
                "-Dsfumato.cuda.folders=here" + File.pathSeparator + "there");
        assertThat(child.output()).contains("Settings[device=cuda:1, threads=5, checkNan=true, trackLeaks=true, "
                + "cuda=Cuda[jcuda=true, cublas=false, graphs=false, folders=[here, there");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "-Dsfumato.thread=2       | unknown property sfumato.thread",
        "-Dsfumato.threads=0      | sfumato.threads = '0' is not a number in [1, 1024]",
        "-Dsfumato.threads=many   | sfumato.threads = 'many' is not a number in [1, 1024]",
        "-Dsfumato.checkNan=yes   | sfumato.checkNan must be true or false",
        "-Dsfumato.cuda.driver=x  | sfumato.cuda.driver must be native or jcuda",
        "-Dsfumato.device=cuda:x  | cannot read 'cuda:x'"})
    void whatCannotBeReadStopsTheProgram(String option, String why) throws Exception {
        var child = ChildJvm.run(Program.class, null, option);
        assertThat(child.status()).isNotZero();
        assertThat(child.output()).contains(why);
    }

    @Test
    void devicesHaveNamesAndIndices() {
        assertThat(Device.of("cuda")).isEqualTo(new Device("cuda", 0)).hasToString("cuda");
        assertThat(Device.of("cuda:1")).isEqualTo(new Device("cuda", 1)).hasToString("cuda:1");
        assertThatThrownBy(() -> Device.of("cuda:-1")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Backends.of(new Device("tpu", 0))).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'tpu' is not available").hasMessageContaining("reference");
        assertThat(Backends.devices()).contains(Device.REFERENCE, Device.CPU);
    }
}
