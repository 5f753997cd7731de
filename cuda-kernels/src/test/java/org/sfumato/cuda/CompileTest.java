package org.sfumato.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.sfumato.cuda.elementwise.Access;
import org.sfumato.cuda.elementwise.Bodies;
import org.sfumato.cuda.elementwise.Elements;
import org.sfumato.cuda.elementwise.RandomBodies;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.op.Pointwise;
import org.sfumato.tensor.op.Source.Distribution;
import org.sfumato.testing.OpSamples;

/// All PTX, shipped or written, compiles with NVIDIA's compiler for three generations of devices.
class CompileTest {
    private static final List<String> ARCHITECTURES = List.of("sm_75", "sm_80", "sm_90");
    private static final Pattern LINE = Pattern.compile("line (\\d+)");
    private static final String ENTRY = ".visible .entry " + Elements.NAME;
    private static final int TOGETHER = 32;
    private static final Access DENSE = new Access.Dense(0);
    private static final Access NARROW = new Access.Strided(3, false);

    @BeforeAll
    static void theCompilerLoads() {
        var missing = NvidiaCompiler.missing();
        assumeTrue(missing.isEmpty(), () -> missing.orElse(""));
    }

    /// Every formula in single precision for the oldest device, gradients included; in double for the newest.
    @Test
    void everyFormulaCompiles() {
        var modules = new TreeMap<String, String>();
        for (var op : OpSamples.exemplars()) {
            if (op instanceof Pointwise formula) {
                formula(modules, formula, DType.F32, NARROW, "sm_75");
                if (!op.name().contains("Slope") && !op.name().equals("pow")) {
                    formula(modules, formula, DType.F64, DENSE, "sm_90");
                }
            }
        }
        assertThat(modules).hasSizeGreaterThan(100);
        assertThat(errors(modules)).isEmpty();
    }

    private static void formula(Map<String, String> modules, Pointwise op, DType type, Access access, String device) {
        int n = Math.max(1, op.arity());
        var in = Collections.nCopies(n, type);
        var spec = new Spec(Shape.of(8), type);
        var out = op.outputs(Collections.nCopies(n, spec).toArray(Spec[]::new))[0].dtype();
        modules.put(device + " " + type + " " + op.name() + op.formulas().hashCode(), Elements.module(in,
                Collections.nCopies(op.formulas().size(), out), access,
                Bodies.formulas(op.formulas(), op.compute(spec), in, out)));
    }

    @Test
    void everyConversionCompiles() {
        var modules = new TreeMap<String, String>();
        for (var from : DType.values()) {
            for (var to : DType.values()) {
                var access = from.ordinal() < to.ordinal() ? new Access.Strided(2, true) : NARROW;
                modules.put("sm_75 " + from + to, Elements.module(List.of(from), List.of(to), access,
                        Bodies.cast(from, to)));
            }
        }
        assertThat(errors(modules)).isEmpty();
    }

    @Test
    void everySourceCompiles() {
        var modules = new TreeMap<String, String>();
        var distributions = List.of(new Distribution.Uniform(), new Distribution.Normal(),
                new Distribution.Bernoulli(.5), new Distribution.Integers(7));
        for (var type : DType.values()) {
            var out = List.of(type);
            var access = type.ordinal() % 2 == 0 ? DENSE : NARROW;
            modules.put("sm_80 fill " + type, Elements.module(List.of(), out, access, Bodies.fill(type)));
            modules.put("sm_80 ramp " + type, Elements.module(List.of(), out, access, Bodies.arange(false, type)));
            modules.put("sm_80 steps " + type, Elements.module(List.of(), out, access, Bodies.arange(true, type)));
            modules.put("sm_80 copy " + type, Elements.module(out, out, access, Bodies.copy()));
            modules.put("sm_80 tril " + type, Elements.module(out, out, access, Bodies.triangle(true, type)));
            for (var distribution : distributions) {
                modules.put("sm_80 " + distribution + type, Elements.module(List.of(), out, access,
                        RandomBodies.of(distribution, type)));
            }
        }
        assertThat(errors(modules)).isEmpty();
    }

    /// For the oldest device that a module's `.target` line allows; with `-Dexhaustive` set also for the newest, which
    /// takes as long again.
    @Test
    void everyShippedModuleCompiles() throws IOException, URISyntaxException {
        var modules = new TreeMap<String, String>();
        for (var file : shipped()) {
            var text = Files.readString(file);
            int least = Integer.parseInt(text.replaceAll("(?s).*\\.target sm_(\\d+).*", "$1"));
            modules.put("sm_" + least + " " + file.getFileName(), text);
            if (System.getProperty("exhaustive") != null) {
                modules.put(ARCHITECTURES.getLast() + " " + file.getFileName(), text);
            }
        }
        assertThat(List.copyOf(modules.entrySet()).parallelStream().map(CompileTest::errors)).containsOnly("");
    }

    private static List<Path> shipped() throws IOException, URISyntaxException {
        var classes = Path.of(CudaBackend.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        try (Stream<Path> files = Files.walk(classes)) {
            return files.filter(file -> file.toString().endsWith(".ptx")).sorted().toList();
        }
    }

    @Test
    void whatIsWrongIsFound() {
        var good = Elements.module(List.of(DType.F32), List.of(DType.F32), DENSE, Bodies.copy());
        assertThat(ARCHITECTURES).allSatisfy(name -> assertThat(NvidiaCompiler.errors(good, name)).isEmpty());
        var wrong = good.replace("sub.s64", "sub.f32");
        assertThat(NvidiaCompiler.errors(wrong, "sm_80")).contains("sub");
        assertThat(errors(Map.of("sm_80 a", good, "sm_80 b", wrong, "sm_80 c", good))).singleElement().asString()
                .startsWith("sm_80 b: ").contains("sub.f32");
    }

    /// The errors of kernels whose keys begin with the device to compile for. Many are compiled as one module, because
    /// the compiler takes longer to begin than for ten of them, and one by one only if that has errors.
    private static List<String> errors(Map<String, String> kernels) {
        var devices = kernels.entrySet().stream().collect(Collectors.groupingBy(CompileTest::device));
        var modules = new ArrayList<List<Map.Entry<String, String>>>();
        for (var ofDevice : devices.values()) {
            for (int i = 0; i < ofDevice.size(); i += TOGETHER) {
                modules.add(ofDevice.subList(i, Math.min(i + TOGETHER, ofDevice.size())));
            }
        }
        return modules.parallelStream().flatMap(module -> {
            var together = Map.entry(module.getFirst().getKey(), together(module));
            var error = errors(together);
            if (error.isEmpty()) {
                return Stream.<String>empty();
            }
            var alone = module.stream().map(CompileTest::errors).filter(line -> !line.isEmpty()).toList();
            return alone.isEmpty() ? Stream.of(error) : alone.stream();
        }).toList();
    }

    private static String device(Map.Entry<String, String> module) {
        return module.getKey().split(" ")[0];
    }

    /// One module of kernels that are named alike and begin with the same lines.
    private static String together(List<Map.Entry<String, String>> kernels) {
        var module = new StringBuilder(kernels.getFirst().getValue());
        int body = module.indexOf(ENTRY);
        var head = module.substring(0, body + ENTRY.length());
        for (var kernel : kernels.subList(1, kernels.size())) {
            assertThat(kernel.getValue()).startsWith(head);
            int unique = module.length();
            module.append(ENTRY).append(unique).append(kernel.getValue().substring(head.length()));
        }
        return module.toString();
    }

    private static String errors(Map.Entry<String, String> module) {
        var errors = NvidiaCompiler.errors(module.getValue(), device(module));
        return errors.isEmpty() ? "" : module.getKey() + ": " + errors.lines().limit(3).toList()
                + numbered(module.getValue(), errors);
    }

    private static String numbered(String ptx, String errors) {
        var line = LINE.matcher(errors);
        return line.find() ? Arrays.asList(ptx.split("\n")).get(Integer.parseInt(line.group(1)) - 1) : "";
    }
}
