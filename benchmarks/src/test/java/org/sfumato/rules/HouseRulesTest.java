package org.sfumato.rules;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.sfumato.autograd.planted.Tape;
import org.sfumato.cli.shared.planted.NamesRecipe;
import org.sfumato.cli.train.planted.Recipe;
import org.sfumato.cuda.planted.Driver;
import org.sfumato.nn.planted.NamesCuda;
import org.sfumato.tensor.planted.Culprit;

/// The library keeps the rules, and each rule catches a class planted to break it.
class HouseRulesTest {

    private static final ImportOption NO_TESTS = location -> !location.contains("/test-classes/")
            && !location.contains("-tests.jar") && !location.contains("/jmh_generated/");
    private static final JavaClasses OURS =
            new ClassFileImporter().withImportOption(NO_TESTS).importPackages("org.sfumato");
    private static final JavaClasses PLANTED = new ClassFileImporter().importPackagesOf(
            Culprit.class, NamesCuda.class, Driver.class, Tape.class, Recipe.class, NamesRecipe.class);

    static Set<String> rules() {
        return HouseRules.all().keySet();
    }

    @ParameterizedTest
    @MethodSource("rules")
    void theLibraryKeeps(String rule) {
        HouseRules.all().get(rule).allowEmptyShould(true).check(OURS);
    }

    @Test
    void theRulesSeeEveryPackageOfOurs() {
        assertThat(OURS.stream().map(type -> type.getPackageName().split("\\.")[2]).distinct())
                .containsExactlyInAnyOrderElementsOf(HouseRules.MAY_NAME.keySet());
        assertThat(OURS.stream().map(type -> type.getPackageName().split("\\."))
                .filter(path -> path.length > 3 && path[2].equals("cli")).map(path -> path[3]).distinct())
                .containsExactlyInAnyOrderElementsOf(HouseRules.COMMANDS);
    }

    @ParameterizedTest
    @CsvSource({
        "the Vector API stays inside, jdk.incubator.vector.FloatVector",
        "libraries do not print,      java.lang.System.out",
        "libraries do not print,      java.lang.System.err",
        "libraries do not print,      printStackTrace()",
        "Settings reads properties,   java.lang.System.getProperty",
        "Settings reads properties,   java.lang.Integer.getInteger",
        "no mutable statics,          Culprit.count",
        "no mutable statics,          Culprit.CELL",
        "classes are final,           Culprit$Open",
        "names say something,         Culprit$CopyHelper",
        "names say something,         Culprit$BaseCopy",
        "few parameters,              Culprit.sum",
        "layering of tensor,          org.sfumato.autograd.planted.Tape",
        "layering of nn,              org.sfumato.cuda.planted.Driver",
        "layering of cli.shared,      org.sfumato.cli.train.planted.Recipe"})
    void aPlantedClassIsCaught(String rule, String named) {
        var report = HouseRules.all().get(rule).evaluate(PLANTED).getFailureReport();
        assertThat(report.getDetails()).anyMatch(line -> line.contains(named));
    }
}
