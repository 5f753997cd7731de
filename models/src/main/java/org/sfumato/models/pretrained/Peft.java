package org.sfumato.models.pretrained;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.nn.Linear;
import org.sfumato.nn.Linears;
import org.sfumato.nn.lora.Lora;
import org.sfumato.nn.lora.LoraConfig;
import org.sfumato.nn.lora.LowRank;
import org.sfumato.nn.lora.Place;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.io.AtomicFile;
import org.sfumato.tensor.io.FormatException;
import org.sfumato.tensor.io.Safetensors;
import org.sfumato.tensor.io.TensorFile;

/// Low-rank adapters of a network from the hub, under the original's names of its layers, in folders as PEFT reads and
/// writes them: `adapter_config.json` beside `adapter_model.safetensors`.
///
/// {@snippet :
/// var network = Pretrained.load(folder);
/// var peft = Peft.of(folder, network);
/// var lora = peft.init(LoraConfig.of(8, 16, Targets.named("q_proj", "v_proj")), rng);
/// var logits = lora.on(network).forward(ids, Pass.INFERENCE);
/// peft.save(lora, Path.of("adapter"));
/// }
///
/// Where a layer of ours does the work of several, as `attention.qkv` of LLaMA's `q_proj`, `k_proj` and `v_proj`, each
/// of them is a [Place] of its own.
public final class Peft {
    private static final String CONFIG = "adapter_config.json";
    private static final List<String> WEIGHTS = List.of("adapter_model.safetensors", "adapter_model.bin");
    private static final String PREFIX = "base_model.model.";
    private static final String A = ".lora_A.weight";
    private static final String B = ".lora_B.weight";

    private static final String COPY = ".base_layer.weight";

    private final String base;
    private final Family family;
    private final Transformer network;
    private final boolean turned;
    private final List<Place> places;

    private Peft(String base, Family family, Transformer network) {
        var config = network.config();
        var sources = family.sources(config);
        this.base = base;
        this.family = family;
        this.network = network;
        this.turned = sources.values().stream().anyMatch(Source::turned);
        var all = new ArrayList<Place>();
        Linears.of(network).forEach((path, map) -> {
            long from = 0;
            var names = sources.get(path + ".weight").names();
            for (int i = 0; i < names.size(); i++) {
                long to = from + rows(config, names.size(), i, map.out());
                all.add(new Place(names.get(i).replaceFirst("\\.weight$", ""), path, from, to, map.in(),
                        path.equals("head")));
                from = to;
            }
        });
        this.places = List.copyOf(all);
    }

    /// Rows of part `index` of `count`: one is the whole, two are the halves of a gated layer, three are queries, keys
    /// and values.
    private static long rows(TransformerConfig config, int count, int index, long out) {
        var heads = config.heads();
        return count < 3 ? out / count : (long) heads.size() * (index == 0 ? heads.query() : heads.key());
    }

    /// The adapters of `network`, which was read from `folderOrFile`.
    ///
    /// @throws FormatException as [Pretrained#config]
    /// @throws IOException if the configuration cannot be read
    public static Peft of(Path folderOrFile, Transformer network) throws IOException {
        return new Peft(folderOrFile.toString(), Described.at(folderOrFile).family(), network);
    }

    /// Where updates can stand, by the original's names.
    public List<Place> places() {
        return places;
    }

    /// An adapter that changes nothing yet, in the current scope.
    ///
    /// @throws IllegalArgumentException if the targets include no layer, or one of their names is none's
    public Lora init(LoraConfig config, Rng rng) {
        return Lora.init(config, places, rng);
    }

    /// The adapter in `folder`, in the current scope, in f32.
    ///
    /// Beside an adapter of the head PEFT writes the head itself: it must be that of the network.
    ///
    /// @throws FormatException if a file is damaged, asks for what is not supported, or does not fit the network: every
    ///     tensor that is missing, unexpected or of another shape is named, and nothing is kept
    /// @throws IOException if a file cannot be read
    public Lora load(Path folder) throws IOException {
        var config = PeftConfig.read(ConfigJson.read(folder.resolve(CONFIG)));
        try (var file = TensorFile.open(weights(folder))) {
            var bare = file.names().stream().noneMatch(name -> name.startsWith(PREFIX + family.prefix()));
            List<Place> chosen;
            try {
                chosen = Lora.chosen(config, bare ? bare() : places);
            } catch (IllegalArgumentException e) {
                throw new FormatException("peft", folder.resolve(CONFIG), e.getMessage(), e);
            }
            check(config, chosen, file, folder);
            return new Lora(config, read(config, chosen, file));
        }
    }

    private static Path weights(Path folder) throws FormatException {
        for (var name : WEIGHTS) {
            if (Files.exists(folder.resolve(name))) {
                return folder.resolve(name);
            }
        }
        throw new FormatException("peft", folder, "there is neither of " + String.join(", ", WEIGHTS));
    }

    /// The places under the names of the network without its head, which lack the prefix.
    private List<Place> bare() {
        return places.stream().map(place -> place.name().startsWith(family.prefix())
                ? place.renamed(place.name().substring(family.prefix().length())) : place).toList();
    }

    private void check(LoraConfig config, List<Place> chosen, TensorFile file, Path folder) throws IOException {
        var problems = new Problems();
        var left = new HashSet<>(file.names());
        for (var place : chosen) {
            int r = config.rank(place);
            Map.of(A, Shape.of(r, place.in()), B, Shape.of(place.out(), r)).forEach((part, shape) -> {
                var name = PREFIX + place.name() + part;
                if (!left.remove(name)) {
                    problems.add("missing: " + name);
                } else if (!file.shape(name).equals(shape)) {
                    problems.add("differs: " + name + " is " + file.shape(name) + ", needed " + shape);
                }
            });
            var copy = PREFIX + place.name() + COPY;
            if (left.remove(copy)) {
                switch (Linears.of(network).get(place.path())) {
                    case Linear dense when isCopy(dense.weight(), place, copy, file) -> { }
                    case Linear _ -> problems.add("differs: " + copy + " is not the matrix of the network");
                    default -> problems.add("unexpected: " + copy + ", where the network has no dense matrix");
                }
            }
        }
        left.stream().sorted().forEach(name -> problems.add("unexpected: " + name + " " + file.shape(name)));
        problems.raise("peft", folder, "the adapter does not fit the network and its configuration");
    }

    private static boolean isCopy(Tensor weight, Place place, String name, TensorFile file) throws IOException {
        var copy = file.tensor(name, DType.F32, weight.device());
        try (var scope = Scope.open("copy")) {
            return scope.call(() -> {
                var own = weight.slice(0, place.from(), place.to());
                return copy.shape().equals(own.shape()) && copy.eq(own).all().item() == 1;
            });
        } finally {
            copy.close();
        }
    }

    private static Map<String, LowRank> read(LoraConfig config, List<Place> chosen, TensorFile file)
            throws IOException {
        var made = new ArrayList<Tensor>();
        try {
            var updates = new LinkedHashMap<String, LowRank>();
            for (var place : chosen) {
                for (var part : List.of(A, B)) {
                    made.add(file.tensor(PREFIX + place.name() + part, DType.F32));
                }
                updates.put(place.name(), new LowRank(place, made.get(made.size() - 2), made.getLast(),
                        config.scale(place)));
            }
            return updates;
        } catch (IOException | RuntimeException | Error e) {
            made.forEach(Tensor::close);
            throw e;
        }
    }

    /// Writes an adapter of this network to `folder`, which is made if it is not there.
    ///
    /// @throws IllegalArgumentException if the adapter is one of another network
    /// @throws IOException if that fails
    public void save(Lora lora, Path folder) throws IOException {
        var tensors = new LinkedHashMap<String, Tensor>();
        for (var update : lora.updates().values()) {
            var place = update.place();
            if (!places.contains(place) && !bare().contains(place)) {
                throw new IllegalArgumentException("peft: " + place.name() + " is no layer of this network");
            }
            tensors.put(PREFIX + place.name() + A, update.a());
            tensors.put(PREFIX + place.name() + B, update.b());
        }
        Files.createDirectories(folder);
        Safetensors.write(folder.resolve(WEIGHTS.getFirst()), tensors, Map.of("format", "pt"));
        AtomicFile.write("peft", folder.resolve(CONFIG), PeftConfig.write(lora.config(), base,
                network.config().pattern().causal(), turned));
    }
}
