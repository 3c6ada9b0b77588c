//! Metrics as an OTLP request.

use super::request::Request;
use super::{SCHEMA_URL, resource, scope};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Wire;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric as WireMetric, NumberDataPoint,
    ResourceMetrics, ScopeMetrics, Sum,
};
use tacho_model::batch::Batch;
use tacho_model::metric::{Instrument, Labels, Metric, MetricPoint, MetricValue, Temporality, Total};

impl Request for ExportMetricsServiceRequest {
    fn of(batches: &[&Batch]) -> Self {
        let resource_metrics = batches.iter().map(|batch| ResourceMetrics {
            resource: Some(resource(batch)),
            scope_metrics: vec![ScopeMetrics {
                scope: Some(scope()),
                metrics: metrics(&batch.metrics, batch.temporality),
                schema_url: SCHEMA_URL.to_owned(),
            }],
            schema_url: SCHEMA_URL.to_owned(),
        });
        Self { resource_metrics: resource_metrics.collect() }
    }

    fn count(&self) -> usize {
        let scopes = self.resource_metrics.iter().flat_map(|resource| &resource.scope_metrics);
        let data = scopes.flat_map(|scope| &scope.metrics).filter_map(|metric| metric.data.as_ref());
        data.map(points).sum()
    }

    fn retain(&mut self, keeps: &mut dyn FnMut() -> bool) {
        for resource in &mut self.resource_metrics {
            for scope in &mut resource.scope_metrics {
                for data in scope.metrics.iter_mut().filter_map(|metric| metric.data.as_mut()) {
                    retain_points(data, keeps);
                }
                scope.metrics.retain(|metric| metric.data.as_ref().is_some_and(|data| points(data) > 0));
            }
            resource.scope_metrics.retain(|scope| !scope.metrics.is_empty());
        }
        self.resource_metrics.retain(|resource| !resource.scope_metrics.is_empty());
    }

    /// Labels are names, and no words of anybody: they stay.
    fn retain_attributes(&mut self, keeps: &dyn Fn(&KeyValue) -> bool) {
        for of_resource in &mut self.resource_metrics {
            of_resource.resource.iter_mut().for_each(|resource| resource.attributes.retain(keeps));
        }
    }
}

fn points(data: &Data) -> usize {
    match data {
        Data::Gauge(gauge) => gauge.data_points.len(),
        Data::Sum(sum) => sum.data_points.len(),
        Data::Histogram(histogram) => histogram.data_points.len(),
        Data::ExponentialHistogram(_) | Data::Summary(_) => 0,
    }
}

fn retain_points(data: &mut Data, keeps: &mut dyn FnMut() -> bool) {
    match data {
        Data::Gauge(gauge) => gauge.data_points.retain(|_| keeps()),
        Data::Sum(sum) => sum.data_points.retain(|_| keeps()),
        Data::Histogram(histogram) => histogram.data_points.retain(|_| keeps()),
        Data::ExponentialHistogram(_) | Data::Summary(_) => {}
    }
}

/// Points of one metric stand together, in their order.
fn metrics(points: &[MetricPoint], temporality: Temporality) -> Vec<WireMetric> {
    points
        .chunk_by(|one, other| one.metric == other.metric)
        .filter_map(|points| Some(metric(points.first()?.metric, points, temporality)))
        .collect()
}

fn metric(of: &Metric, points: &[MetricPoint], temporality: Temporality) -> WireMetric {
    let aggregation_temporality = match temporality {
        Temporality::Cumulative => AggregationTemporality::Cumulative,
        Temporality::Delta => AggregationTemporality::Delta,
    };
    let aggregation_temporality = aggregation_temporality.into();
    let numbers = || points.iter().map(number_point).collect();
    let data = match of.instrument {
        Instrument::Gauge => Data::Gauge(Gauge { data_points: numbers() }),
        Instrument::Counter | Instrument::Sum => Data::Sum(Sum {
            data_points: numbers(),
            aggregation_temporality,
            is_monotonic: of.instrument == Instrument::Counter,
        }),
        Instrument::Histogram(_) => Data::Histogram(Histogram {
            data_points: points.iter().filter_map(histogram_point).collect(),
            aggregation_temporality,
        }),
    };
    WireMetric {
        name: of.name.to_owned(),
        description: of.brief.to_owned(),
        unit: of.unit.to_owned(),
        data: Some(data),
        ..WireMetric::default()
    }
}

fn number_point(point: &MetricPoint) -> NumberDataPoint {
    let value = match &point.value {
        MetricValue::Total(Total { sum, .. }) if point.metric.per_unit == 1 => Number::AsInt(*sum),
        MetricValue::Total(Total { sum, .. }) => Number::AsDouble(point.metric.in_unit(*sum)),
        MetricValue::Gauge(value) => Number::AsDouble(*value),
    };
    NumberDataPoint {
        attributes: labels(&point.labels),
        start_time_unix_nano: if point.metric.instrument == Instrument::Gauge { 0 } else { point.start.0 },
        time_unix_nano: point.at.0,
        value: Some(value),
        ..NumberDataPoint::default()
    }
}

fn histogram_point(point: &MetricPoint) -> Option<HistogramDataPoint> {
    let MetricValue::Total(total) = &point.value else { return None };
    let bounds = point.metric.bounds();
    let mut bucket_counts = total.buckets.clone();
    bucket_counts.resize(bounds.len() + 1, 0);
    Some(HistogramDataPoint {
        attributes: labels(&point.labels),
        start_time_unix_nano: point.start.0,
        time_unix_nano: point.at.0,
        count: total.count(),
        sum: Some(point.metric.in_unit(total.sum)),
        bucket_counts,
        explicit_bounds: bounds.to_vec(),
        ..HistogramDataPoint::default()
    })
}

fn labels(labels: &Labels) -> Vec<KeyValue> {
    let pair = |(name, value): (&String, &String)| KeyValue {
        key: name.clone(),
        value: Some(AnyValue { value: Some(Wire::StringValue(value.clone())) }),
        ..KeyValue::default()
    };
    labels.iter().map(pair).collect()
}
