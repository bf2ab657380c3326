// A program in another language that tells of itself by OpenTelemetry's own SDK, as OTLP/JSON.
//
// node telemetry.mjs BASE-URL: one trace of two spans, a log record within it, and a counter. The
// trace's id on standard output.

import { trace, SpanKind, SpanStatusCode, context } from '@opentelemetry/api'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'

const [base] = process.argv.slice(2)
const resource = resourceFromAttributes({ 'service.name': 'shipping', 'service.version': '7' })

const tracers = new BasicTracerProvider({
  resource,
  spanProcessors: [new SimpleSpanProcessor(new OTLPTraceExporter({ url: `${base}/v1/traces` }))],
})
const loggers = new LoggerProvider({
  resource,
  processors: [new SimpleLogRecordProcessor({ exporter: new OTLPLogExporter({ url: `${base}/v1/logs` }) })],
})
const meters = new MeterProvider({
  resource,
  readers: [new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter({ url: `${base}/v1/metrics` }) })],
})

const tracer = tracers.getTracer('shipping')
const request = tracer.startSpan('POST /parcels', {
  kind: SpanKind.SERVER,
  attributes: { 'http.request.method': 'POST', 'http.route': '/parcels', 'app.order_id': 'o-42' },
})
const within = trace.setSpan(context.active(), request)
const asked = tracer.startSpan('GET', {
  kind: SpanKind.CLIENT,
  attributes: { 'server.address': 'carrier.example' },
}, within)
asked.setStatus({ code: SpanStatusCode.ERROR, message: 'no van' })
asked.end()
loggers.getLogger('shipping').emit({
  severityNumber: 17, severityText: 'ERROR', body: 'Köln has no van 🚚', attributes: { depot: 3 }, context: within,
})
request.end()
meters.getMeter('shipping').createCounter('shipping.parcels').add(3, { depot: '3' })

await Promise.all([tracers, loggers, meters].map((each) => each.forceFlush()))
await Promise.all([tracers, loggers, meters].map((each) => each.shutdown()))
console.log(request.spanContext().traceId)
