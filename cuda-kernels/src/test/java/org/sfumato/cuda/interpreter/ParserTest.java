package org.sfumato.cuda.interpreter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sfumato.cuda.Driver.Grid;

/// Texts that are PTX, and texts that are not: what is wrong is said with the line.
class ParserTest {
    @ParameterizedTest
    @CsvSource(delimiter = '#', value = {
        "frobnicate.u32 %r, %r # instruction frobnicate is not known",
        "add.q32 %r, %r, %r#                      the opcode names no type",
        "add.u32 %r, %r, %r, %r#                  operand 3 is not known here",
        "add.u32.fast %r, %r, %r#                 .fast is not known here",
        "add.u32 %r, %r, %rd#                     operand 2 has 64 bits, not 32",
        "add.u64 %rd, %r, %rd#                    has fewer than 64 bits",
        "add.u32 %rd, %r, %r#                     a result has 64 bits, not 32",
        "add.u32 %r, %r, %x#                      %x is not declared",
        "add.u32 %r, %r#                          an operand is missing",
        "add.f32 %r, %r, 0d3FF0000000000000#      a constant of 64 bits stands where 32 are wanted",
        "setp.eq.u32 %r, %r, %r#                  a result has 32 bits, not 1",
        "@%r mov.u32 %r, 1#                       %r is no predicate",
        "shfl.bfly.b32 %r, %r, 1, 31#             shfl without .sync is not known",
        "wgmma.fence.sync.aligned#                instruction wgmma is not known",
        "call unknown#                            function unknown has no body here",
        "ld.global.u64 %r, [%rd]#                 a register has 32 bits, fewer than 64",
        "ld.global.v2.u32 {%r, %r, %r}, [%rd]#    2 values, 3 registers"})
    void anInstructionThatIsNotKnownIsQuoted(String instruction, String why) {
        var text = ".visible .entry k()\n{\n.reg .b32 %r;\n.reg .b64 %rd;\n" + instruction + ";\nret;\n}\n";
        assertThatThrownBy(() -> new Rig(text)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("rig: ", why, "line 5: `" + instruction.strip() + ";`");
    }

    @Test
    void textsThatAreNotPtx() {
        refused("hello", "unexpected 'hello', line 1");
        refused(".visible .entry k()\n{\nret", "the text ends too early");
        refused(".visible .entry k()\n{\nret ret;\n}", "line 3");
        refused(".visible .entry k()\n{\nbra NOWHERE;\n}", "k has no label [NOWHERE]");
        refused(".visible .entry k()\n{\nL: L: ret;\n}", "label L stands here twice");
        refused(".visible .entry k()\n{\nmov.u32 %r, 12q;\n}", "'12q' is no number");
        refused("/* no end", "a comment has no end");
        refused(".visible .entry k(.reg .b32 x) { ret; }", "a parameter in a register");
        refused(".visible .entry k() { # }", "unexpected '#'");
    }

    private static void refused(String text, String why) {
        assertThatThrownBy(() -> new Rig(text)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(why);
    }

    @Test
    void namesInInnerBracesHideOuterOnes() {
        var got = new Probe("""
                .reg .b32 %t;
                mov.u32 %t, 5;
                { .reg .b32 %t; .reg .pred %p; mov.u32 %t, 7; setp.eq.u32 %p, %t, 7; @%p bra L; mov.u32 %t, 9; L: }
                { .reg .b32 %t; mov.u32 %t, 8; bra L; mov.u32 %t, 9; L: mov.u32 %d, %t; }
                add.u32 %d, %d, %t;""", Type.U32).run();
        assertThat(got).containsOnly(13);
    }

    @Test
    void numbersInAllTheirForms() {
        var got = new Probe("""
                .reg .b32 %t; .reg .f32 %f; .reg .f64 %g;
                mov.u32 %d, 0x10;
                add.u32 %d, %d, 010;
                add.u32 %d, %d, 0b101;
                add.u32 %d, %d, -3;
                add.u32 %d, %d, 4U;
                mov.f32 %f, 0f40400000;
                cvt.rni.u32.f32 %t, %f;
                add.u32 %d, %d, %t;
                mov.f64 %g, 0d4014000000000000;
                cvt.rni.u32.f64 %t, %g;
                add.u32 %d, %d, %t;
                add.u32 %d, %d, WARP_SZ;""", Type.U32).run();
        assertThat(got).containsOnly(16 + 8 + 5 - 3 + 4 + 3 + 5 + 32);
    }

    @Test
    void tablesOfBranches() {
        var got = new Probe("""
                .reg .b32 %i;
                T: .branchtargets ZERO, ONE, TWO;
                rem.u32 %i, %a, 3;
                brx.idx %i, T;
                ZERO: mov.u32 %d, 100; bra END;
                ONE: mov.u32 %d, 200; bra END;
                TWO: mov.u32 %d, 300;
                END:""", Type.U32, Type.U32).run(new long[] {0, 1, 2, 3, 4, 5});
        assertThat(got).containsExactly(100, 200, 300, 100, 200, 300);
    }

    @Test
    void variablesOfAModuleAndGenericAddresses() {
        var rig = new Rig("""
                .version 7.0
                .target sm_80, debug
                .address_size 64
                .file 1 "a.cu"
                .extern .shared .align 16 .b8 more[];
                .shared .align 4 .u32 one;
                .global .align 4 .u32 counter = 40;
                .global .align 8 .b8 bytes[16] = {1, 2, 3};
                .visible .entry k(.param .u64 .ptr .global .align 8 out)
                .maxntid 32
                {
                    .local .align 4 .b8 %depot[8];
                    .reg .b32 %r<4>; .reg .b64 %rd<6>;
                    .loc 1 2 3
                    .pragma "nounroll";
                    ld.param.u64 %rd0, [out];
                    mov.u64 %rd1, one;
                    cvta.shared.u64 %rd1, %rd1;
                    st.u32 [%rd1], 1;
                    mov.u64 %rd2, more;
                    cvta.shared.u64 %rd2, %rd2;
                    st.u32 [%rd2+4], 2;
                    mov.u64 %rd3, %depot;
                    cvta.local.u64 %rd3, %rd3;
                    st.u32 [%rd3+4], 3;
                    ld.u32 %r0, [%rd1]; ld.shared.u32 %r1, [more+4]; ld.local.u32 %r2, [%depot+4];
                    add.u32 %r0, %r0, %r1; add.u32 %r0, %r0, %r2;
                    atom.global.add.u32 %r1, [counter], %r0;
                    ld.global.u8 %r2, [bytes+2];
                    mad.lo.u32 %r1, %r2, 1000, %r1;
                    st.global.u32 [%rd0], %r1;
                    ret;
                }
                """);
        long out = rig.ints(0);
        rig.launch("k", new Grid(1, 1, 1, 1, 1, 1, 8), out);
        assertThat(rig.intsAt(out, 1)).containsExactly(3040);
        rig.launch("k", new Grid(1, 1, 1, 1, 1, 1, 8), out);
        assertThat(rig.intsAt(out, 1)).containsExactly(3046);
    }
}
