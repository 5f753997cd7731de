/// Text diffusion models.
///
/// A model is put together of four independent parts: what is noised (a process), what predicts (a
/// [org.sfumato.models.Denoiser]), how one samples, and how one scores. `org.sfumato.models.masked` has them for
/// masked diffusion; start there with [org.sfumato.models.masked.MaskedDiffusion]. The network is in
/// `org.sfumato.models.transformer`, text as training data in `org.sfumato.models.data`.
///
/// ```java
/// var corpus = TextCorpus.ofCharacters(TextCorpus.read(Path.of("input.txt")));
/// var config = TrainingConfig.charSmall(corpus.tokenizer().vocabularySize() + 1, 42);
/// try (var trainer = new MaskedTrainer(config, corpus.train(), 1000)) {
///     for (int step = 0; step < 1000; step++) {
///         trainer.step();
///     }
///     var model = new MaskedDiffusion(trainer.network(), trainer.process(), corpus.tokenizer(), config.length());
///     var sampling = new Sampling(128, 32, Order.CONFIDENCE, 0.8, 0);
///     var text = model.generate("", 128, sampling, Rng.of(7), MaskedSampler.Observer.NONE);
/// }
/// ```
package org.sfumato.models;
