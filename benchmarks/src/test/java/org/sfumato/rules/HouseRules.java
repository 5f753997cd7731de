package org.sfumato.rules;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;

/// The rules that compiled classes keep. Each rule's message says where the code belongs.
final class HouseRules {

    /// Each package (with its subpackages) and the other packages of ours that it may name.
    static final Map<String, List<String>> MAY_NAME = Map.of(
            "tensor", List.of(),
            "cuda", List.of("tensor"),
            "autograd", List.of("tensor"),
            "nn", List.of("tensor", "autograd"),
            "tokenizers", List.of(),
            "models", List.of("tensor", "autograd", "nn", "tokenizers"),
            "examples", List.of("tensor", "autograd", "nn", "tokenizers", "models"),
            "cli", List.of("tensor", "autograd", "nn", "tokenizers", "models", "examples"),
            "benchmarks", List.of("tensor", "autograd", "nn", "tokenizers", "models", "cli"));

    /// The packages below that of the command line; each may name those before it and its own, none the command line.
    static final List<String> COMMANDS = List.of("shared", "data", "text", "train", "latent", "experiment");

    private static final String[] PROGRAMS = {
        "org.sfumato.cli..", "org.sfumato.examples..", "org.sfumato.benchmarks..", "org.sfumato.rules.."};

    /// Packages of kernels and of bindings to C functions, whose parameter lists are given from outside.
    private static final String[] KERNELS = {
        "org.sfumato.tensor.cpu..", "org.sfumato.tensor.expr..", "org.sfumato.cuda.."};

    private static final Set<String> PROPERTY_READERS = Set.of(
            "java.lang.System.getProperty", "java.lang.System.getProperties", "java.lang.System.getenv",
            "java.lang.Integer.getInteger", "java.lang.Long.getLong", "java.lang.Boolean.getBoolean");

    /// The benchmarks are excepted: what the machine can do must be measured apart from the library.
    static final ArchRule VECTOR_API_STAYS_INSIDE = noClasses()
            .that().resideOutsideOfPackages("org.sfumato.tensor.cpu..", "org.sfumato.tensor.expr..",
                    "org.sfumato.benchmarks..")
            .should().dependOnClassesThat().resideInAPackage("jdk.incubator.vector..")
            .because("the Vector API incubates: it belongs in org.sfumato.tensor.cpu and org.sfumato.tensor.expr");

    static final ArchRule LIBRARIES_DO_NOT_PRINT = classes().that(resideOutsideOfPackages(PROGRAMS))
            .should(notAccess("System.out, System.err or printStackTrace", HouseRules::prints))
            .because("a library returns, throws, or logs through System.Logger; only programs print");

    static final ArchRule SETTINGS_READS_PROPERTIES = classes()
            .that(resideOutsideOfPackages(PROGRAMS)).and().doNotHaveFullyQualifiedName("org.sfumato.tensor.Settings")
            .should(notAccess("system properties or the environment", HouseRules::readsProperty))
            .because("org.sfumato.tensor.Settings alone reads and checks them");

    static final ArchRule NO_MUTABLE_STATICS = fields().that().areStatic()
            .should(each("be final and hold no mutable cell", HouseRules::mutableStatic))
            .because("state belongs to an object that somebody owns");

    static final ArchRule CLASSES_ARE_FINAL = classes()
            .should(each("be final, sealed, abstract, a record, an enum or an exception", HouseRules::openClass))
            .because("nothing of ours is extended by chance");

    static final ArchRule NAMES_SAY_SOMETHING = classes().should().haveNameNotMatching(
            ".*(Impl|Manager|Helper|Utils?)(\\$.*)?|.*[.$](Abstract|Base)[A-Z].*")
            .because("a name says what a thing is");

    static final ArchRule FEW_PARAMETERS = methods().that().areDeclaredInClassesThat(resideOutsideOfPackages(KERNELS))
            .should(each("have at most seven parameters", HouseRules::manyParameters))
            .because("more than seven values are a record (kernels are excepted)");

    private HouseRules() {
    }

    /// All rules, by name.
    static Map<String, ArchRule> all() {
        var rules = new TreeMap<String, ArchRule>(Map.of(
                "the Vector API stays inside", VECTOR_API_STAYS_INSIDE,
                "libraries do not print", LIBRARIES_DO_NOT_PRINT,
                "Settings reads properties", SETTINGS_READS_PROPERTIES,
                "no mutable statics", NO_MUTABLE_STATICS,
                "classes are final", CLASSES_ARE_FINAL,
                "names say something", NAMES_SAY_SOMETHING,
                "few parameters", FEW_PARAMETERS));
        MAY_NAME.keySet().forEach(module -> rules.put("layering of " + module, layering(module)));
        COMMANDS.forEach(name -> rules.put("layering of cli." + name, layeringOfCommands(name)));
        return rules;
    }

    /// `module` names no package of ours but its own and those that [#MAY_NAME] allows.
    static ArchRule layering(String module) {
        var allowed = new ArrayList<>(MAY_NAME.get(module));
        allowed.add(module);
        var packages = allowed.stream().map(name -> "org.sfumato." + name + "..").toArray(String[]::new);
        var forbidden = resideInAnyPackage("org.sfumato..").and(resideOutsideOfPackages(packages));
        return noClasses().that().resideInAPackage("org.sfumato." + module + "..")
                .should().dependOnClassesThat(forbidden)
                .because("it is tensor <- autograd <- nn <- models <- examples, and tokenizers <- models");
    }

    /// Commands of the package `name` name no commands of packages after it.
    static ArchRule layeringOfCommands(String name) {
        var packages = COMMANDS.subList(0, COMMANDS.indexOf(name) + 1).stream()
                .map(each -> "org.sfumato.cli." + each + "..").toArray(String[]::new);
        var forbidden = resideInAnyPackage("org.sfumato.cli..").and(resideOutsideOfPackages(packages));
        return noClasses().that().resideInAPackage("org.sfumato.cli." + name + "..")
                .should().dependOnClassesThat(forbidden)
                .because("it is " + String.join(" <- ", COMMANDS) + " <- cli; what several share is in shared");
    }

    private static Stream<String> prints(JavaAccess<?> access) {
        var target = access.getTargetOwner().getName() + "." + access.getName();
        boolean bad = target.equals("java.lang.System.out") || target.equals("java.lang.System.err")
                || access.getName().equals("printStackTrace") && access.getTarget().getFullName().endsWith("()");
        return bad ? Stream.of(access.getDescription()) : Stream.empty();
    }

    private static Stream<String> readsProperty(JavaAccess<?> access) {
        var target = access.getTargetOwner().getName() + "." + access.getName();
        return PROPERTY_READERS.contains(target) ? Stream.of(access.getDescription()) : Stream.empty();
    }

    private static Stream<String> mutableStatic(JavaField field) {
        var type = field.getRawType().getName();
        boolean cell = type.startsWith("java.util.concurrent.atomic.") || type.equals("java.lang.ThreadLocal");
        boolean bad = cell || !field.getModifiers().contains(JavaModifier.FINAL);
        return bad ? Stream.of(field.getDescription() + " is mutable and static") : Stream.empty();
    }

    private static Stream<String> openClass(JavaClass type) {
        var modifiers = type.getModifiers();
        boolean closed = type.isInterface() || type.isEnum() || type.isRecord() || type.isAnonymousClass()
                || modifiers.contains(JavaModifier.FINAL) || modifiers.contains(JavaModifier.ABSTRACT)
                || type.isAnnotatedWith("org.openjdk.jmh.annotations.State")     // JMH writes subclasses
                || type.isAssignableTo(Throwable.class) || type.getSimpleName().equals("package-info")
                || type.getEnclosingClass().filter(JavaClass::isEnum).isPresent();
        return closed ? Stream.empty() : Stream.of(type.getDescription() + " is open");
    }

    private static Stream<String> manyParameters(JavaMethod method) {
        int count = method.getRawParameterTypes().size();
        boolean written = !method.getModifiers().contains(JavaModifier.SYNTHETIC);
        return written && count > 7 ? Stream.of(method.getDescription() + " has " + count) : Stream.empty();
    }

    private static ArchCondition<JavaClass> notAccess(String what, Function<JavaAccess<?>, Stream<String>> check) {
        return each("not touch " + what, type -> type.getAccessesFromSelf().stream().flatMap(check));
    }

    private static <T> ArchCondition<T> each(String description, Function<T, Stream<String>> violations) {
        return new ArchCondition<>(description) {
            @Override
            public void check(T item, ConditionEvents events) {
                violations.apply(item).forEach(text -> events.add(SimpleConditionEvent.violated(item, text)));
            }
        };
    }
}
