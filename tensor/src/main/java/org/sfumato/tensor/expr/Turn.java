package org.sfumato.tensor.expr;

import java.lang.classfile.CodeBuilder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;

/// Writes one turn of a loop: all loads, then the values, then the stores, so that results may overwrite operands.
final class Turn {
    private final LoopCompiler loop;
    private final Values values;
    private final LaneCode lane;
    private final CodeBuilder code;
    private final LoopCompiler.Operands operands;
    private final int at;
    private final int mask;
    private final int[] uses;
    private final Map<Integer, Integer> locals = new HashMap<>();

    /// The value that local `at` counts, or the first if it is -1. `mask` is the local of a partial value's
    /// mask, or -1.
    Turn(LoopCompiler loop, CodeBuilder code, LoopCompiler.Operands operands, int at, int mask) {
        this.loop = loop;
        this.values = loop.values();
        this.lane = loop.lane();
        this.code = code;
        this.operands = operands;
        this.at = at;
        this.mask = mask;
        this.uses = new int[values.nodes().size()];
        values.nodes().forEach(node -> node.inputs().forEach(i -> uses[i]++));
        values.roots().forEach(i -> uses[i]++);
    }

    void write() {
        var results = new ArrayList<Integer>();
        for (int root : values.roots()) {
            int local = code.allocateLocal(lane.kind());
            value(root);
            code.storeLocal(lane.kind(), local);
            results.add(local);
        }
        for (int j = 0; j < results.size(); j++) {
            int place = operands.results()[j];
            lane.store(code, results.get(j), () -> address(place), mask);
        }
    }

    /// Leaves value `i` on the stack. One that is needed again is kept in a local.
    private void value(int i) {
        var kept = locals.get(i);
        if (kept != null) {
            code.loadLocal(lane.kind(), kept);
            return;
        }
        compute(values.nodes().get(i));
        if (uses[i] > 1) {
            int local = code.allocateLocal(lane.kind());
            code.storeLocal(lane.kind(), local).loadLocal(lane.kind(), local);
            locals.put(i, local);
        }
    }

    private void compute(Values.Node node) {
        var inputs = node.inputs();
        switch (node.expr()) {
            case Expr.Arg(int k) -> argument(k);
            case Expr.Const(double c) -> lane.constant(code, c);
            case Expr.Unary(var op, var _) -> {
                value(inputs.getFirst());
                lane.unary(code, op);
            }
            case Expr.Binary(var op, var _, var _) -> {
                value(inputs.getFirst());
                value(inputs.getLast());
                lane.binary(code, op);
            }
            case Expr.Compare _ -> {
                compare(node);
                lane.toValue(code);
            }
            case Expr.Select _ -> {
                value(inputs.get(2));
                value(inputs.get(1));
                condition(inputs.get(0));
                lane.select(code);
            }
        }
    }

    private void argument(int k) {
        if (loop.isScalar(k)) {
            code.loadLocal(lane.elementKind(), operands.elements().get(k));
            lane.broadcast(code);
        } else {
            int place = operands.places().get(k);
            lane.load(code, () -> address(place), mask);
        }
    }

    /// Leaves "value `i` is not 0" on the stack; of a comparison, the comparison itself.
    private void condition(int i) {
        var node = values.nodes().get(i);
        if (node.expr() instanceof Expr.Compare) {
            compare(node);
        } else {
            value(i);
            lane.notZero(code);
        }
    }

    private void compare(Values.Node node) {
        var op = ((Expr.Compare) node.expr()).op();
        value(node.inputs().getFirst());
        value(node.inputs().getLast());
        lane.compare(code, op);
    }

    /// `place + at * lanes * bytes`.
    private void address(int place) {
        code.lload(place);
        if (at >= 0) {
            code.iload(at).i2l().loadConstant((long) lane.lanes() * lane.type().bytes()).lmul().ladd();
        }
    }
}
