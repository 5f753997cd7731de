package org.sfumato.nn.lora;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.sfumato.nn.Dropout;
import org.sfumato.nn.Layer;
import org.sfumato.nn.LinearMap;
import org.sfumato.nn.Linears;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// A low-rank adapter: small matrices that are added to chosen linear layers of a network, which itself stays as it is.
///
/// {@snippet :
/// var lora = Lora.init(LoraConfig.of(8, 16, Targets.named("qkv")), Place.of(network), rng);
/// var optimizer = new AdamW(lora.parameters(), AdamW.Config.of(1e-3));       // of these alone: the network is frozen
/// try (var tape = Tape.record(() -> loss(lora.on(network)))) {
///     optimizer.step(tape.gradients(lora.parameters()), 1);
/// }
/// var merged = lora.merge(network);
/// }
///
/// What trains is what the optimiser is given: [#parameters] are those of the adapter, and gradients by them alone cost
/// no product for the matrices of the network. An adapter is not attached to a network: `on` gives the network with it,
/// at the cost of some records, and shares all tensors. So several adapters serve one network, in one recorded step
/// too, and the network is at hand without any. Source: Hu et al. 2021, arXiv 2106.09685.
///
/// @param updates by the names of their places
public record Lora(LoraConfig config, Map<String, LowRank> updates) implements Layer {
    /// Keeps the order of the updates.
    public Lora {
        updates = Collections.unmodifiableMap(new LinkedHashMap<>(updates));
    }

    /// An adapter that changes nothing yet, in the current scope.
    ///
    /// @throws IllegalArgumentException if the targets include none of the places
    public static Lora init(LoraConfig config, List<Place> places, Rng rng) {
        var updates = new LinkedHashMap<String, LowRank>();
        for (var place : chosen(config, places)) {
            updates.put(place.name(), LowRank.init(config, place, rng.fold(updates.size())));
        }
        return new Lora(config, updates);
    }

    /// The places that the targets include.
    ///
    /// @throws IllegalArgumentException if there is none, or none for one of the names
    public static List<Place> chosen(LoraConfig config, List<Place> places) {
        if (config.targets() instanceof Targets.Named(var names)) {
            for (var name : names) {
                if (places.stream().noneMatch(place -> Targets.Named.isCalled(place, name))) {
                    throw noPlace("\"" + name + "\"", places);
                }
            }
        }
        var chosen = places.stream().filter(config.targets()::include).toList();
        if (chosen.isEmpty()) {
            throw noPlace(config.targets().toString(), places);
        }
        return chosen;
    }

    private static IllegalArgumentException noPlace(String targets, List<Place> places) {
        var known = places.stream().map(place -> place.name().replaceFirst(".*\\.", "")).distinct().toList();
        return new IllegalArgumentException("lora: no linear layer is called " + targets + "\nhint: there are "
                + String.join(", ", known));
    }

    /// The network with this adapter; all tensors are shared. On a network that has adapters already they add up.
    ///
    /// @throws IllegalArgumentException if the network has no linear layer at the path of a place, or one of other
    ///     sizes
    public <T extends Layer> T on(T network) {
        return change(network, (_, changed) -> changed);
    }

    /// The network with the matrices that this adapter changes made anew in the current scope; all other tensors are
    /// shared, and those of `network` stay as they are.
    ///
    /// @throws IllegalArgumentException as [#on], or if a matrix is stored in another way than a dense one; nothing is
    ///     kept then
    public <T extends Layer> T merge(T network) {
        var made = new ArrayList<Tensor>();
        try {
            return change(network, (path, changed) -> {
                var merged = changed.merged(path);
                made.add(merged.weight());
                return merged;
            });
        } catch (RuntimeException | Error e) {
            made.forEach(Tensor::close);
            throw e;
        }
    }

    private <T extends Layer> T change(T network, BiFunction<String, LoraLinear, LinearMap> change) {
        var left = new LinkedHashMap<String, List<LowRank>>();
        for (var update : updates.values()) {
            left.computeIfAbsent(update.place().path(), _ -> new ArrayList<>()).add(update);
        }
        var changed = Linears.replace(network, (path, map) -> {
            var own = left.remove(path);
            return own == null ? map : change.apply(path, new LoraLinear(map, own, new Dropout(config.dropout())));
        });
        if (!left.isEmpty()) {
            throw new IllegalArgumentException("lora: the network has no linear layer "
                    + left.keySet().iterator().next());
        }
        return changed;
    }

    /// The same adapter with a weight: `weight` times what it adds, by its alphas. The tensors are shared.
    public Lora scaled(double weight) {
        var other = config.scaled(weight);
        var scaled = new LinkedHashMap<String, LowRank>();
        updates.forEach((name, update) -> scaled.put(name, new LowRank(update.place(), update.a(), update.b(),
                other.scale(update.place()))));
        return new Lora(other, scaled);
    }
}
