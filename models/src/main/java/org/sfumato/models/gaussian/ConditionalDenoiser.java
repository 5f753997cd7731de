package org.sfumato.models.gaussian;

/// A denoiser that reads [NoisyLatents#condition()]; without one it predicts for any.
public interface ConditionalDenoiser extends LatentDenoiser { }
