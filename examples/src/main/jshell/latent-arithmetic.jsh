// Run it with: ./sfumato jshell examples/src/main/jshell/latent-arithmetic.jsh
import org.sfumato.examples.*

// Made-up sentences and an encoder that has learned nothing. Of your own:
// Sentences.open(Path.of("ENCODER"), Path.of("TOKENIZER"), Path.of("TEXT"), 5000).
var sentences = Sentences.simple(300)

// b - a + c: the nearest sentences.
LatentArithmetic.run(sentences, sentences.texts().subList(0, 3), 5, System.out);

/exit
