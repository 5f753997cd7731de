package org.sfumato.testing;

import java.util.stream.StreamSupport;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Tensor;
import tools.jackson.databind.JsonNode;

/// The calls that the cases of [Golden] name.
public final class GoldenOps {
    private GoldenOps() { }

    /// The results of a case.
    public static Tensor[] apply(Golden.Case call, Tensor... in) {
        var args = call.args();
        return switch (call.op()) {
            case "sort" -> in[0].sort(axis(args), args.get("descending").asBoolean());
            case "topK" -> in[0].topK(axis(args), args.get("k").asLong());
            case "split" -> in[0].split(axis(args), longs(args.get("sizes")));
            default -> new Tensor[] {one(call.op(), args, in)};
        };
    }

    private static Tensor one(String op, JsonNode args, Tensor... in) {
        var x = in[0];
        var unary = unary(op, x);
        if (unary != null) {
            return unary;
        }
        if (in.length == 2 && args.isEmpty()) {
            var binary = binary(op, x, in[1]);
            if (binary != null) {
                return binary;
            }
        }
        if (args.has("axes") && !op.equals("permuteFlatten")) {
            return reduction(op, args, x);
        }
        var network = network(op, args, in);
        return network != null ? network : movement(op, args, in);
    }

    private static Tensor unary(String op, Tensor x) {
        return switch (op) {
            case "neg" -> x.neg();
            case "abs" -> x.abs();
            case "sign" -> x.sign();
            case "square" -> x.square();
            case "reciprocal" -> x.reciprocal();
            case "exp" -> x.exp();
            case "expm1" -> x.expm1();
            case "log" -> x.log();
            case "log1p" -> x.log1p();
            case "sqrt" -> x.sqrt();
            case "rsqrt" -> x.rsqrt();
            case "sin" -> x.sin();
            case "cos" -> x.cos();
            case "tanh" -> x.tanh();
            case "erf" -> x.erf();
            case "floor" -> x.floor();
            case "round" -> x.round();
            case "relu" -> x.relu();
            case "gelu" -> x.gelu();
            case "geluTanh" -> x.geluTanh();
            case "silu" -> x.silu();
            case "sigmoid" -> x.sigmoid();
            case "softplus" -> x.softplus();
            case "not" -> x.not();
            case "isNan" -> x.isNan();
            default -> null;
        };
    }

    private static Tensor binary(String op, Tensor a, Tensor b) {
        return switch (op) {
            case "add" -> a.add(b);
            case "sub" -> a.sub(b);
            case "mul" -> a.mul(b);
            case "div" -> a.div(b);
            case "maximum" -> a.maximum(b);
            case "minimum" -> a.minimum(b);
            case "lt" -> a.lt(b);
            case "le" -> a.le(b);
            case "gt" -> a.gt(b);
            case "ge" -> a.ge(b);
            case "eq" -> a.eq(b);
            case "ne" -> a.ne(b);
            case "and" -> a.and(b);
            case "or" -> a.or(b);
            case "matmul" -> a.matmul(b);
            case "matmulTransposed" -> a.t().matmul(b.t());
            case "embedding" -> a.embedding(b);
            default -> null;
        };
    }

    private static Tensor reduction(String op, JsonNode args, Tensor x) {
        boolean keep = args.has("keep") && args.get("keep").asBoolean();
        int[] axes = ints(args.get("axes"));
        return switch (op) {
            case "sum" -> x.sum(keep, axes);
            case "mean" -> x.mean(keep, axes);
            case "var" -> x.var(args.get("correction").asInt(), keep, axes);
            case "max" -> x.max(keep, axes);
            case "min" -> x.min(keep, axes);
            case "prod" -> x.prod(keep, axes);
            case "logSumExp" -> {
                var y = x.logSumExp(axes);
                yield keep ? y.reshape(x.shape().reduce(x.shape().axes(axes), true)) : y;
            }
            case "any" -> x.any(axes);
            case "all" -> x.all(axes);
            default -> throw new IllegalArgumentException(op);
        };
    }

    private static Tensor network(String op, JsonNode args, Tensor... in) {
        var x = in[0];
        return switch (op) {
            case "softmax" -> x.softmax(axis(args));
            case "logSoftmax" -> x.logSoftmax(axis(args));
            case "linearCrossEntropy" ->
                x.linearCrossEntropy(in[1], in.length > 3 ? in[3] : null, in[2], args.get("ignore").asLong());
            case "crossEntropy", "crossEntropyWeighted" ->
                x.crossEntropy(in[1], args.get("ignore").asLong(), in.length > 2 ? in[2] : null);
            case "layerNorm" -> x.layerNorm(in[1], in[2], args.get("eps").asDouble());
            case "groupNorm" -> x.groupNorm(args.get("groups").asInt(), in[1], in[2], args.get("eps").asDouble());
            case "conv2d" -> x.conv2d(in[1], in.length > 2 ? in[2] : null, args.get("stride").asInt(),
                    args.get("padding").asInt(), args.get("groups").asInt());
            case "upsample" -> x.upsample(args.get("scale").asInt());
            case "avgPool" -> x.avgPool2d(args.get("kernel").asInt(), args.get("stride").asInt(), args.get("padding")
                    .asInt());
            case "rmsNorm" -> x.rmsNorm(in[1], args.get("eps").asDouble());
            case "attention" -> x.attention(in[1], in[2], in.length > 3 ? in[3] : null, args.get("causal").asBoolean());
            case "rotary" -> x.rotary(in[1], in[2]);
            case "linear" -> x.linear(in[1], in.length > 2 ? in[2] : null);
            case "einsum" -> Tensor.einsum(args.get("equation").asString(), in);
            default -> null;
        };
    }

    private static Tensor movement(String op, JsonNode args, Tensor... in) {
        var x = in[0];
        return switch (op) {
            case "pow" -> x.pow(args.get("exponent").asDouble());
            case "clamp" -> x.clamp(args.get("low").asDouble(), args.get("high").asDouble());
            case "where" -> x.where(in[1], in[2]);
            case "maskedFill" -> in[1].maskedFill(x, Double.parseDouble(args.get("value").asString()));
            case "cast" -> x.cast(DType.of(args.get("to").asString()));
            case "cumsum" -> x.cumsum(axis(args), args.get("reverse").asBoolean());
            case "cumprod" -> x.cumprod(axis(args), args.get("reverse").asBoolean());
            case "argmax" -> x.argmax(axis(args));
            case "argmin" -> x.argmin(axis(args));
            case "gather" -> x.gather(axis(args), in[1]);
            case "scatterAdd" -> x.scatterAdd(axis(args), in[1], in[2]);
            case "indexSelect" -> x.indexSelect(axis(args), in[1]);
            case "oneHot" -> x.oneHot(args.get("classes").asLong());
            case "tril" -> x.tril(args.get("diagonal").asLong());
            case "triu" -> x.triu(args.get("diagonal").asLong());
            case "concat" -> Tensor.concat(axis(args), in);
            case "stack" -> Tensor.stack(axis(args), in);
            case "slice" -> x.slice(axis(args), args.get("start").asLong(), args.get("end").asLong(), args.get("step")
                    .asLong());
            case "permuteFlatten" -> x.permute(ints(args.get("axes"))).reshape(longs(args.get("sizes"))).square();
            case "expandMul" -> x.expand(org.sfumato.tensor.Shape.of(longs(args.get("sizes")))).mul(in[1]);
            case "selectFlip" -> x.select(axis(args), args.get("index").asLong()).flip(0);
            default -> throw new IllegalArgumentException("no operation " + op);
        };
    }

    private static int axis(JsonNode args) {
        return args.get("axis").asInt();
    }

    private static long[] longs(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false).mapToLong(JsonNode::asLong).toArray();
    }

    private static int[] ints(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false).mapToInt(JsonNode::asInt).toArray();
    }
}
