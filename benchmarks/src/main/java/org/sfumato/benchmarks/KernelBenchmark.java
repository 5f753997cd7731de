package org.sfumato.benchmarks;

import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/// All products and operations of `sfumato bench gemm` and `ops` by JMH, each in a process of its own. Arguments are
/// JMH's, such as `-prof gc`, `-f 1` or `-p "kernel=gelu 768x512"`.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(value = 1, jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
    "-XX:+UseSerialGC"})
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
public class KernelBenchmark {
    /// The name of a kernel; [#main] puts all in the place of this one.
    @Param("softmax 768x512")
    public String kernel;

    private org.sfumato.tensor.Scope operands;
    private Runnable work;

    private static Stream<? extends Kernel> all() {
        return Stream.concat(GemmCommand.kernels().stream(), OpsCommand.kernels().stream());
    }

    /// Runs JMH.
    public static void main(String[] args) throws RunnerException, CommandLineOptionException {
        var given = new CommandLineOptions(args);
        var options = new OptionsBuilder().parent(given).include(KernelBenchmark.class.getName());
        if (!given.getParameter("kernel").hasValue()) {
            options.param("kernel", all().map(Kernel::name).toArray(String[]::new));
        }
        new Runner(options.build()).run();
    }

    /// Makes the operands.
    @Setup
    public void makeOperands() {
        operands = org.sfumato.tensor.Scope.open("operands");
        work = operands.call(all().filter(one -> one.name().equals(kernel)).findFirst().orElseThrow()::work);
    }

    /// Frees them.
    @TearDown
    public void freeOperands() {
        operands.close();
    }

    /// The work.
    @Benchmark
    public void run() {
        work.run();
    }
}
