package org.sfumato.models.pretrained;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.sfumato.nn.lora.LoraConfig;
import org.sfumato.nn.lora.Targets;
import org.sfumato.tensor.io.FormatException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// PEFT's `adapter_config.json` of a LoRA adapter.
final class PeftConfig {
    /// Fields that are read, and fields that do not change what is computed.
    private static final Set<String> KNOWN = Set.of("peft_type", "r", "lora_alpha", "lora_dropout", "use_rslora",
            "target_modules", "bias", "rank_pattern", "alpha_pattern", "init_lora_weights", "fan_in_fan_out",
            "auto_mapping", "base_model_name_or_path", "inference_mode", "megatron_core", "peft_version",
            "qalora_group_size", "revision", "runtime_config", "task_type");
    /// Ways to draw first values that leave the matrices of the network as they are.
    private static final Set<String> STARTS = Set.of("true", "false", "gaussian", "orthogonal", "eva");
    private static final String ALL_LINEAR = "all-linear";

    private PeftConfig() { }

    /// What the file describes. A field that is not known here must be empty, false or null: what it asks for would not
    /// be done.
    ///
    /// @throws FormatException if a field is missing, of the wrong kind, or asks for what is not supported
    static LoraConfig read(ConfigJson json) throws FormatException {
        requireText(json, "peft_type", "LORA", "");
        requireText(json, "bias", "none", "none");
        var start = json.tree().path("init_lora_weights").asString("true");
        if (!STARTS.contains(start)) {
            throw json.unsupported("init_lora_weights", start);
        }
        for (var field : json.tree().properties()) {
            if (!KNOWN.contains(field.getKey()) && !isEmpty(field.getValue())) {
                throw json.unsupported(field.getKey(), field.getValue().toString());
            }
        }
        try {
            return new LoraConfig(json.integer("r"), json.number("lora_alpha"), json.truth("use_rslora", false),
                    json.number("lora_dropout", 0), targets(json), byName(json, "rank_pattern", ConfigJson::integer),
                    byName(json, "alpha_pattern", ConfigJson::number));
        } catch (IllegalArgumentException e) {                          // of the configuration's own checks
            throw new FormatException("peft", json.file(), e.getMessage(), e);
        }
    }

    private interface Field<T> {
        T of(ConfigJson json, String name) throws FormatException;
    }

    private static <T> Map<String, T> byName(ConfigJson json, String part, Field<T> field) throws FormatException {
        var values = new LinkedHashMap<String, T>();
        if (json.has(part)) {
            for (var name : json.part(part).tree().propertyNames()) {
                values.put(name, field.of(json.part(part), name));
            }
        }
        return values;
    }

    private static void requireText(ConfigJson json, String name, String value, String otherwise)
            throws FormatException {
        if (!json.text(name, otherwise).equals(value)) {
            throw json.unsupported(name, "\"" + json.text(name, otherwise) + "\"");
        }
    }

    private static boolean isEmpty(JsonNode value) {
        return value.isNull() || value.isBoolean() && !value.booleanValue() || value.isContainer() && value.isEmpty();
    }

    private static Targets targets(ConfigJson json) throws FormatException {
        var value = json.tree().path("target_modules");
        if (value.isArray() && value.valueStream().allMatch(JsonNode::isString)) {
            return new Targets.Named(value.valueStream().map(JsonNode::stringValue).sorted().toList());
        }
        var text = json.text("target_modules", "");
        if (text.isEmpty()) {
            throw new FormatException("peft", json.file(), "field \"target_modules\" is missing or empty");
        }
        return text.equalsIgnoreCase(ALL_LINEAR) ? Targets.ALL_LINEAR : new Targets.Matching(text);
    }

    /// The text of the file.
    ///
    /// @param network the name or folder of the network
    /// @param causal true for PEFT's kind of task of decoders
    /// @param turned true if the original stores matrices with inputs before outputs
    static String write(LoraConfig config, String network, boolean causal, boolean turned) {
        var tree = JsonMapper.shared().createObjectNode();
        tree.set("alpha_pattern", numbers(config.alphas()));
        tree.put("base_model_name_or_path", network).put("bias", "none").put("fan_in_fan_out", turned)
                .put("inference_mode", true).put("init_lora_weights", true);
        tree.set("lora_alpha", number(config.alpha()));
        tree.put("lora_dropout", config.dropout()).putNull("modules_to_save").put("peft_type", "LORA")
                .put("r", config.rank());
        tree.set("rank_pattern", JsonMapper.shared().valueToTree(config.ranks()));
        switch (config.targets()) {
            case Targets.AllLinear _ -> tree.put("target_modules", ALL_LINEAR);
            case Targets.Named(var names) -> tree.set("target_modules", JsonMapper.shared().valueToTree(names));
            case Targets.Matching(var expression) -> tree.put("target_modules", expression);
        }
        tree.put("task_type", causal ? "CAUSAL_LM" : null).put("use_dora", false).put("use_rslora",
                config.rankStabilized());
        return JsonMapper.shared().writer().with(SerializationFeature.INDENT_OUTPUT).writeValueAsString(tree) + "\n";
    }

    private static JsonNode numbers(Map<String, Double> values) {
        var tree = JsonMapper.shared().createObjectNode();
        values.forEach((name, value) -> tree.set(name, number(value)));
        return tree;
    }

    /// As a whole number if it is one: PEFT's own files have them so.
    private static JsonNode number(double value) {
        boolean whole = value == Math.rint(value) && Math.abs(value) < 1e9;
        return JsonMapper.shared().valueToTree(whole ? (Object) (long) value : (Object) value);
    }
}
