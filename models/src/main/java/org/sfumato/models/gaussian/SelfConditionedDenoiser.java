package org.sfumato.models.gaussian;

/// A denoiser that reads [NoisyLatents#estimate()], what was predicted before; without one it predicts from noise
/// alone.
/// Source: Chen et al. 2022, arXiv 2208.04202.
public interface SelfConditionedDenoiser extends LatentDenoiser { }
