package org.sfumato.models.gist;

import java.util.List;
import org.sfumato.nn.Conv2d;
import org.sfumato.nn.Layer;

/// The blocks of one level of a [UNet2d] on the way down or up.
///
/// @param blocks in order
/// @param attentions one after each block; empty where there is none
/// @param resample leads to the next level; `null` at the last one
public record UNetLevel(List<ResBlock> blocks, List<ImageAttention> attentions, Conv2d resample) implements Layer { }
