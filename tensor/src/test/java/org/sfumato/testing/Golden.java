package org.sfumato.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.io.Safetensors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The cases of `golden/ops.safetensors`: what PyTorch makes of an operation, and its gradients. The script named in
/// the file wrote it.
public final class Golden implements AutoCloseable {
    /// One call of an operation.
    ///
    /// @param op the name that [GoldenOps] knows
    /// @param args further arguments
    /// @param in names of the inputs
    /// @param out names of the results
    /// @param weights the names of the weights of the results in the sum whose gradients are given; none where the
    ///     result has no part
    /// @param gradients the names of the gradients by the inputs; empty if the case has none
    /// @param tolerance the error allowed, for [#difference]; where it is not 1e-5 or 0, the script that made the file
    ///     says why
    public record Case(String op, JsonNode args, List<String> in, List<String> out, List<Optional<String>> weights,
                       List<Optional<String>> gradients, double tolerance) {
        @Override
        public String toString() {
            return op + args + in;
        }
    }

    private final Path copy;
    private final Safetensors file;
    private final List<Case> cases = new ArrayList<>();

    private Golden(Path copy) throws IOException {
        this.copy = copy;
        this.file = Safetensors.open(copy);
        for (var node : JsonMapper.shared().readTree(file.metadata().get("cases"))) {
            cases.add(new Case(node.get("op").asString(), node.get("args"), present(node.get("in")),
                    present(node.get("out")),
                    names(node.get("weights")), names(node.get("gradients")), node.get("tolerance").asDouble()));
        }
    }

    /// The cases of the operations.
    public static Golden operations() {
        try (var stream = Golden.class.getResourceAsStream("/golden/ops.safetensors")) {
            var copy = Files.createTempFile("sfumato-golden", ".safetensors");          // the test-jar cannot be mapped
            Files.copy(stream, copy, StandardCopyOption.REPLACE_EXISTING);
            return new Golden(copy);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> present(JsonNode node) {
        return names(node).stream().map(Optional::orElseThrow).toList();
    }

    private static List<Optional<String>> names(JsonNode node) {
        if (node == null) {
            return List.of();
        }
        return IntStream.range(0, node.size()).mapToObj(node::get)
                .map(name -> name.isNull() ? Optional.<String>empty() : Optional.of(name.asString())).toList();
    }

    /// All cases.
    public List<Case> cases() {
        return cases;
    }

    /// A free text of the file.
    public String text(String key) {
        return file.metadata().get(key);
    }

    /// A tensor of the file.
    public Tensor tensor(String name, Device device) {
        try {
            return file.tensor(name, device);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// What differs by more than `tolerance * max(1, |expected|)`, or in a NaN; nothing if nothing does. With tolerance
    /// 0, bit for bit, all NaN being equal.
    public static Optional<String> difference(Tensor actual, Tensor expected, double tolerance) {
        if (!actual.spec().equals(expected.spec())) {
            return Optional.of("is " + actual.spec() + ", not " + expected.spec());
        }
        if (!actual.dtype().isFloating()) {
            return java.util.Arrays.equals(actual.toLongs(), expected.toLongs()) ? Optional.empty()
                    : Optional.of("is " + actual + ", not " + expected);
        }
        var a = actual.toDoubles();
        var e = expected.toDoubles();
        for (int i = 0; i < a.length; i++) {
            boolean same = Double.compare(a[i], e[i]) == 0 || tolerance > 0 && a[i] == e[i];
            if (!same && !(Math.abs(a[i] - e[i]) <= tolerance * Math.max(1, Math.abs(e[i])) && Double.isFinite(e[i]))) {
                return Optional.of("element %d of %s is %s, not %s".formatted(i, actual.shape(), a[i], e[i]));
            }
        }
        return Optional.empty();
    }

    @Override
    public void close() {
        file.close();
        copy.toFile().delete();
    }
}
