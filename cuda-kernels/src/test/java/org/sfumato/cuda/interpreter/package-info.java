/// A CUDA device without a GPU: an interpreter of PTX, the very text that ships, behind [org.sfumato.cuda.Driver].
///
/// A text is read once ([Parser]) and each kernel decoded once ([Assembler], [Decoder]) into actions of which each has
/// its own loop over the 32 lanes of a warp ([Action]). A block runs warp after warp from barrier to barrier; the lanes
/// of a warp that have parted meet again as soon as they can ([Warp]). Arithmetic is exact to the rounding that PTX
/// prescribes; tensor cores sum in double and round once; where PTX allows `tanh`, `sin`, `cos` and `lg2` large errors,
/// they are made.
///
/// Found, each as a [Fault] that names kernel, block, thread and line:
/// - access to device memory outside of every allocation, or to a freed one, or misaligned, vectors included;
/// - writes to constant memory; access outside of local memory and parameters;
/// - shared memory: access outside of its variables, reads of what was never written, races between warps of a block (a
///   copy by `cp.async` counts as a write from its beginning until its thread has waited for it);
/// - barriers that not all threads of a block reach, or not the same one; lanes that a mask names and that never come;
///   shuffles from lanes that do not take part; tensor core instructions without all 32 lanes;
/// - arguments of another size than the kernel's, blocks and grids that no device takes, too much shared memory;
/// - integer division by zero, a kernel that does not end, `trap`.
///
/// Not found, for these a GPU or `compute-sanitizer` is needed:
/// - races between lanes of one warp, and between blocks, which run one after another; races in device memory;
/// - effects of weak memory: every access is seen by all at once, so a missing fence shows only as a missing barrier;
/// - reads of registers and device memory that nobody has written: fresh device memory holds NaN, registers of a second
///   block hold what the first has left;
/// - errors of `ex2`, `rcp`, `rsqrt`, `sqrt` and `div` of up to 2 ulp, and how tensor cores round sums on their way;
/// - barriers for a part of a block, clusters, `wgmma`, TMA, textures, recursion and indirect calls are not known and
///   refused, most of them when a module is loaded;
/// - time.
package org.sfumato.cuda.interpreter;
