//! What a file of OpenTelemetry's declarative configuration says, to which a variable leads.

use super::shown;
use crate::fixture;
use crate::home::Home;
use std::fs;
use tacho_testkit::otlp::Receiver;
use tacho_testkit::tls::certificate;

/// What is shown where the variable leads to this text.
fn told(yaml: &str, variables: &[(&str, &str)]) -> String {
    let home = Home::new();
    let file = home.path().join("otel.yaml");
    fs::write(&file, yaml.replace("[certificates]", &certificate("").display().to_string())).unwrap();
    let leads = [("OTEL_CONFIG_FILE", file.to_str().unwrap())];
    shown(&home, &[&leads, variables].concat())
}

#[test]
fn what_fits_is_used_and_the_rest_is_named_once() {
    let yaml = r#"
file_format: "1.1"
disabled: false
log_level: info
attribute_limits: {attribute_count_limit: 128}
resource:
  attributes:
    - {name: service.name, value: "${NAME:-an agent}"}
    - {name: deployment.environment.name, value: ci}
    - {name: service.instance.id, value: mine}
  attributes_list: "service.namespace=shop,deployment.environment.name=other"
  schema_url: https://opentelemetry.io/schemas/1.16.0
propagator:
  composite: [{tracecontext: }]
tracer_provider:
  processors:
    - batch:
        schedule_delay: 5000
        exporter:
          otlp_http: &exporter
            endpoint: http://localhost:${PORT:-4318}/v1/traces
            headers:
              - {name: x-key, value: "${env:KEY}"}
            headers_list: "x-key=other,x-two=2"
            compression: none
            timeout: 2500
    - simple:
        exporter:
          console:
  sampler:
    parent_based:
      root:
        trace_id_ratio_based: {ratio: "${RATIO:-0.25}"}
      remote_parent_sampled: {always_on: }
  limits: {attribute_count_limit: 128}
meter_provider:
  readers:
    - periodic:
        interval: 60000
        exporter:
          otlp_http:
            <<: *exporter
            endpoint: http://localhost:4318/v1/metrics
            temporality_preference: delta
            default_histogram_aggregation: explicit_bucket_histogram
    - pull:
        exporter:
          prometheus/development: {port: 9464}
logger_provider:
  processors:
    - batch:
        exporter:
          otlp_grpc:
            endpoint: https://localhost:4317
            tls:
              ca_file: "[certificates]authority.pem"
              cert_file: "[certificates]client.pem"
              key_file: "[certificates]client.key"
    - batch:
        exporter:
          otlp_file/development: {output_stream: file:///tmp/logs.jsonl}
"#;
    let ignored = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:9"), ("OTEL_SERVICE_NAME", "another")];
    insta::assert_snapshot!(told(yaml, &[&ignored[..], &[("KEY", "a-secret"), ("PORT", "4318")]].concat()));
}

#[test]
fn files_that_are_not_understood() {
    let mut said = String::new();
    for yaml in [
        "file_format: \"1.0\"\n",
        "file_format: \"2.0\"\n",
        "tracer_provider:\n",
        "file_format: 0.3\ntracer_provider: {processors: [{batch: {exporter: {otlp: {protocol: grpc, insecure: true, endpoint: \"localhost:4317\"}}}}]}\n",
        "file_format: \"1.0\"\ndisabled: true\ntracer_provider: {processors: [{batch: {exporter: {otlp_http: }}}]}\n",
        "file_format: \"1.0\"\ntracer_provider: {processors: [{batch: {exporter: {otlp_http: }}}]}\n",
        "file_format: \"1.0\"\ntracer_provider: {processors: [{batch: {exporter: {otlp_http: {endpoint: \"https://otlp.example.com/v1/traces\"}}}}]}\n",
        "file_format: \"1.0\"\ntracer_provider: {processors: [{batch: {exporter: {otlp_http: {compression: zstd}}}}]}\n",
        "file_format: \"1.0\"\n\ttoken: a-secret\n",
        "- a list\n",
    ] {
        said += &format!("{yaml}=> {}\n", told(yaml, &[]));
    }
    let home = Home::new();
    said += &shown(&home, &[("OTEL_CONFIG_FILE", "/nowhere/otel.yaml")]);
    said += &shown(&home, &[("OTEL_CONFIG_FILE", "/dev/zero")]);
    insta::assert_snapshot!(said);
}

#[test]
fn what_a_file_says_is_sent() {
    let home = Home::with([fixture::load("bash").an_hour_ago()]);
    let receiver = Receiver::start().unwrap();
    let file = home.path().join("otel.yaml");
    let signal = |provider: &str, steps: &str, kind: &str, name: &str| {
        let url = receiver.url();
        format!(
            "{provider}: {{{steps}: [{{{kind}: {{exporter: {{otlp_http: {{endpoint: \"{url}/v1/{name}\"}}}}}}}}]}}\n"
        )
    };
    let yaml = "file_format: \"1.0\"\nresource: {attributes: [{name: service.name, value: an-agent}, {name: host.type, value: 7}]}\n"
        .to_owned()
        + &signal("tracer_provider", "processors", "batch", "traces")
        + &signal("meter_provider", "readers", "periodic", "metrics")
        + &signal("logger_provider", "processors", "batch", "logs");
    fs::write(&file, yaml).unwrap();
    let ran = home.run_with(&["drain", "--once"], &[("OTEL_CONFIG_FILE", file.to_str().unwrap())]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let spans = receiver.spans();
    let of = |name: &str| spans.iter().filter_map(|span| span.resource[name].as_str()).collect::<Vec<_>>();
    assert_eq!((of("service.name"), of("host.type")), (vec!["an-agent"; 4], vec!["7"; 4]));
    assert!(!receiver.logs().is_empty());
    assert_eq!(receiver.problems(), [""; 0]);
}
