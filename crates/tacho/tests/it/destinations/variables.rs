//! What variables say of destinations, as far as they are believed.

use super::shown;
use crate::fixture;
use crate::home::Home;
use tacho_testkit::otlp::{ReceivedRequest, Receiver};

#[test]
fn the_variables_of_every_exporter() {
    let mut told = String::new();
    for variables in [
        &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318")][..],
        &[("OTEL_EXPORTER_OTLP_ENDPOINT", "https://otlp.example.com")],
        &[("OTEL_TRACES_EXPORTER", "otlp")],
        &[("OTEL_TRACES_EXPORTER", "otlp"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")],
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4317"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "5000"),
        ],
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4317"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_TRACES_INSECURE", "true"),
        ],
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://localhost:4318"),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere/ca.pem"),
        ],
        &[("TACHO_OTLP_ENDPOINT", "https://localhost:4318"), ("TACHO_OTLP_CERTIFICATE", "/dev/zero")],
        &[("OTEL_TRACES_EXPORTER", "console,otlp"), ("OTEL_LOGS_EXPORTER", "none")],
        &[("OTEL_TRACES_EXPORTER", "zipkin")],
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318/base/"),
            ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://localhost:9/logs"),
            ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "http/json"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-one=1,x-two=a%20b"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "none"),
        ],
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318"),
            ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", "0.1"),
            ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "Delta"),
        ],
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318"),
            ("OTEL_TRACES_SAMPLER", "jaeger_remote"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "thrift"),
        ],
        &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318"), ("OTEL_SDK_DISABLED", "true")],
        &[("TACHO_OTLP_PRESET", "phoenix"), ("TACHO_OTLP_SAMPLING", "0.5")],
        &[("TACHO_OTLP_PRESET", "honeycomb")],
        &[("TACHO_OTLP_ENDPOINT", "http://localhost:4318"), ("TACHO_OTLP_SIGNALS", "logs")],
        &[("OTEL_RESOURCE_ATTRIBUTES", "service.name=a%20b,deployment.environment.name=ci")],
        &[("OTEL_RESOURCE_ATTRIBUTES", "user.email=ada%40example.com,service.instance.id=mine,a.b=%2C%3D")],
        &[("OTEL_RESOURCE_ATTRIBUTES", "service.name")],
        &[("DASH0_DEBUG_FILE", "/tmp/payloads.log"), ("DASH0_OMIT_USER_INFO", "false")],
        &[("DASH0_OTLP_URL", "http://localhost:4318"), ("DASH0_OMIT_IO", "false")],
    ] {
        let names: Vec<String> = variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
        told += &format!("$ {}\n{}\n", names.join(" "), shown(&Home::new(), variables));
    }
    insta::assert_snapshot!(told);
}

/// A file that only a variable led to chooses no place on this machine.
#[test]
fn a_place_is_for_the_owner_to_choose() {
    let home = Home::new();
    std::fs::create_dir_all(home.state()).unwrap();
    let config = "debug_file = \"/tmp/a\"\n[[destination]]\nkind = \"file\"\npath = \"/tmp/b\"\n\
                  [[destination]]\nkind = \"console\"\nlevel = \"full\"\n";
    std::fs::write(home.state().join("config.toml"), config).unwrap();
    insta::assert_snapshot!(shown(&home, &[]));
}

#[test]
fn what_the_standard_variables_say_is_sent_on_this_machine() {
    let home = Home::with([fixture::load("bash").an_hour_ago()]);
    let receiver = Receiver::start().unwrap();
    let logs = format!("{}/v1/logs", receiver.url());
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url()),
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", logs),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "none".to_owned()),
        ("OTEL_SERVICE_NAME", "an-agent".to_owned()),
        ("OTEL_RESOURCE_ATTRIBUTES", "service.name=other,host.type=a%2Cb".to_owned()),
    ];
    let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
    let ran = home.run_with(&["drain", "--once"], &variables);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let requests = receiver.requests();
    let is_any_compressed = requests.iter().any(|request| request.header("content-encoding").is_some());
    assert_eq!((receiver.spans().len(), is_any_compressed), (4, false));
    assert!(receiver.spans().iter().all(|span| span.resource["service.name"] == "an-agent"));
    assert!(receiver.spans().iter().all(|span| span.resource["host.type"] == "a,b"));
    let is_said = |request: &ReceivedRequest| request.body.windows(9).any(|part| part == b"host.type");
    assert!(requests.iter().all(is_said), "of every signal");
    assert_eq!(receiver.problems(), [""; 0]);
}
