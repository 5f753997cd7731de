// Run it with: ./sfumato jshell examples/src/main/jshell/interpolate-sentences.jsh
import org.sfumato.examples.*

// Made-up sentences and an encoder that has learned nothing. Of your own:
// Sentences.open(Path.of("ENCODER"), Path.of("TOKENIZER"), Path.of("TEXT"), 5000).
var sentences = Sentences.simple(300)

// Latents between two sentences, on the straight way and on the one that keeps the length, put into words by the
// nearest sentence.
InterpolateSentences.run(sentences, sentences.texts().getFirst(), sentences.texts().getLast(), 7, System.out);

/exit
