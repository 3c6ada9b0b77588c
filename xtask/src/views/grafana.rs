//! Boards as classic dashboard JSON, which every Grafana since version 10 reads and grafana.com takes.

use serde_json::{Map, Value, json};

use super::board::{Board, Form, Panel, Query, Section, Source, Unit};
use super::boards::BOARDS;
use crate::generated::Generated;

/// Of the dashboard format.
const SCHEMA_VERSION: u32 = 39;
const COLUMNS: u32 = 24;

/// What `$of` stands for: what was chosen above the board. A choice of all also has what lacks the label.
const CHOSEN: &str = r#"agent=~"$agent",team=~"$team",project=~"$project""#;

pub(super) fn generate() -> Vec<Generated> {
    let file = |board: &Board| {
        let name = board.uid.trim_start_matches("tachograph-");
        Generated::new(format!("dashboards/{name}.json"), format!("{:#}\n", dashboard(board)))
    };
    BOARDS.iter().map(file).collect()
}

fn dashboard(board: &Board) -> Value {
    json!({
        "uid": board.uid,
        "title": board.title,
        "description": board.brief,
        "tags": ["tachograph"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": true,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": { "from": "now-24h", "to": "now" },
        "timezone": "browser",
        "links": [{
            "type": "dashboards", "title": "Tachograph", "tags": ["tachograph"], "asDropdown": false,
            "includeVars": true, "keepTime": true, "targetBlank": false, "icon": "external link",
        }],
        "annotations": { "list": [] },
        "templating": { "list": variables(board) },
        "panels": panels(board.sections),
    })
}

fn variables(board: &Board) -> Vec<Value> {
    let sources = [Source::Prometheus, Source::Tempo, Source::Loki];
    let asked = |source: &Source| panels_of(board.sections).any(|panel| panel.form.source() == *source);
    let mut variables: Vec<Value> = sources.into_iter().filter(asked).map(data_source).collect();
    let chosen =
        panels_of(board.sections).flat_map(|panel| panel.queries).any(|(expr, _)| expr.contains("$of"));
    if chosen {
        variables.extend(["agent", "team", "project"].map(choice));
    }
    variables.extend(
        board
            .inputs
            .iter()
            .map(|input| json!({ "type": "textbox", "name": input.name, "label": input.label, "query": "" })),
    );
    variables
}

fn data_source(source: Source) -> Value {
    let name = source_name(source);
    json!({ "type": "datasource", "name": name, "label": name, "query": name, "hide": 0 })
}

fn choice(label: &str) -> Value {
    let query = format!("label_values(claude_session_count_total, {label})");
    json!({
        "type": "query", "name": label, "label": label, "datasource": reference(Source::Prometheus),
        "query": { "query": query, "refId": label }, "definition": query, "refresh": 2, "sort": 1,
        "multi": true, "includeAll": true, "allValue": ".*", "current": { "text": "All", "value": "$__all" },
    })
}

const fn source_name(source: Source) -> &'static str {
    match source {
        Source::Prometheus => "prometheus",
        Source::Tempo => "tempo",
        Source::Loki => "loki",
        Source::Grafana => "grafana",
    }
}

fn reference(source: Source) -> Value {
    let name = source_name(source);
    json!({ "type": name, "uid": format!("${{{name}}}") })
}

fn panels_of(sections: &'static [Section]) -> impl Iterator<Item = &'static Panel> {
    sections.iter().flat_map(|section| section.panels)
}

/// Panels from left to right, each section below a row with its title.
fn panels(sections: &'static [Section]) -> Vec<Value> {
    let mut grid = Grid::default();
    let mut panels = Vec::new();
    for section in sections {
        panels.push(grid.row(section.title));
        panels.extend(section.panels.iter().map(|panel| grid.place(panel)));
    }
    panels
}

/// Where the next panel goes.
#[derive(Default)]
struct Grid {
    last_id: u32,
    x: u32,
    y: u32,
    /// Height of what stands in this line.
    height: u32,
}

impl Grid {
    fn row(&mut self, title: &str) -> Value {
        self.end_line();
        let position = json!({ "x": 0, "y": self.y, "w": COLUMNS, "h": 1 });
        self.y += 1;
        self.last_id += 1;
        json!({ "id": self.last_id, "type": "row", "title": title, "gridPos": position, "collapsed": false, "panels": [] })
    }

    fn place(&mut self, panel: &Panel) -> Value {
        let (width, height) = panel.form.size();
        if self.x + width > COLUMNS || height != self.height {
            self.end_line();
        }
        let position = json!({ "x": self.x, "y": self.y, "w": width, "h": height });
        self.x += width;
        self.height = height;
        self.last_id += 1;
        rendered(panel, self.last_id, position)
    }

    fn end_line(&mut self) {
        self.y += self.height;
        (self.x, self.height) = (0, 0);
    }
}

fn rendered(panel: &Panel, id: u32, position: Value) -> Value {
    let source = panel.form.source();
    let mut rendered = json!({
        "id": id,
        "type": panel_type(panel.form),
        "title": panel.title,
        "description": panel.brief,
        "gridPos": position,
        "fieldConfig": { "defaults": defaults(panel.form, panel.unit), "overrides": [] },
        "options": options(panel.form),
    });
    if let (Some(object), true) = (rendered.as_object_mut(), source != Source::Grafana) {
        object.insert("datasource".to_owned(), reference(source));
        object.insert("targets".to_owned(), targets(panel).into());
        if panel.form == Form::Table {
            object.insert("transformations".to_owned(), table_columns(panel));
        }
    }
    rendered
}

const fn panel_type(form: Form) -> &'static str {
    match form {
        Form::Number => "stat",
        Form::Lines | Form::Stack | Form::Tally => "timeseries",
        Form::Ranking => "bargauge",
        Form::Table | Form::Spans => "table",
        Form::Trace => "traces",
        Form::Records => "logs",
        Form::Alerts => "alertlist",
    }
}

fn defaults(form: Form, unit: Unit) -> Value {
    let mut defaults = Map::from_iter([("unit".to_owned(), unit.name().into())]);
    let custom = match form {
        Form::Lines => json!({ "drawStyle": "line", "fillOpacity": 0, "showPoints": "auto" }),
        Form::Stack | Form::Tally => {
            json!({ "drawStyle": "bars", "fillOpacity": 70, "lineWidth": 0, "stacking": { "mode": "normal", "group": "A" } })
        }
        Form::Number
        | Form::Ranking
        | Form::Table
        | Form::Spans
        | Form::Trace
        | Form::Records
        | Form::Alerts => {
            return defaults.into();
        }
    };
    defaults.insert("custom".to_owned(), custom);
    defaults.into()
}

fn options(form: Form) -> Value {
    let last = json!({ "calcs": ["lastNotNull"], "fields": "", "values": false });
    match form {
        Form::Number => {
            json!({ "reduceOptions": last, "graphMode": "none", "colorMode": "value", "textMode": "auto" })
        }
        Form::Lines | Form::Stack | Form::Tally => json!({
            "legend": { "displayMode": "list", "placement": "bottom", "showLegend": true },
            "tooltip": { "mode": "multi", "sort": "desc" },
        }),
        Form::Ranking => {
            json!({ "reduceOptions": last, "orientation": "horizontal", "displayMode": "basic" })
        }
        Form::Records => {
            json!({ "showTime": true, "wrapLogMessage": true, "enableLogDetails": true, "sortOrder": "Ascending" })
        }
        Form::Alerts => json!({
            "viewMode": "list", "groupMode": "default", "maxItems": 20, "sortOrder": 1,
            "stateFilter": { "firing": true, "pending": true, "error": true, "noData": false, "normal": false },
        }),
        Form::Table | Form::Spans | Form::Trace => json!({}),
    }
}

fn targets(panel: &Panel) -> Vec<Value> {
    let names = "ABCDEFGH".chars();
    panel.queries.iter().zip(names).map(|(query, name)| target(panel.form, *query, name)).collect()
}

fn target(form: Form, (expr, legend): Query, name: char) -> Value {
    let expr = expr.replace("$of", CHOSEN);
    let source = reference(form.source());
    let id = name.to_string();
    match form {
        Form::Lines | Form::Stack => {
            json!({ "refId": id, "datasource": source, "expr": expr, "legendFormat": legend, "range": true, "instant": false })
        }
        Form::Number | Form::Ranking => {
            json!({ "refId": id, "datasource": source, "expr": expr, "legendFormat": legend, "range": false, "instant": true })
        }
        Form::Table => {
            json!({ "refId": id, "datasource": source, "expr": expr, "format": "table", "range": false, "instant": true })
        }
        Form::Spans => json!({
            "refId": id, "datasource": source, "query": expr, "queryType": "traceql", "tableType": "spans", "limit": 200,
        }),
        Form::Trace => json!({ "refId": id, "datasource": source, "query": expr, "queryType": "traceql" }),
        Form::Records => {
            json!({ "refId": id, "datasource": source, "expr": expr, "queryType": "range", "maxLines": 1000 })
        }
        Form::Tally => {
            json!({ "refId": id, "datasource": source, "expr": expr, "legendFormat": legend, "queryType": "range" })
        }
        Form::Alerts => Value::Null,
    }
}

/// Answers side by side, without the time at which all were given; values are called as their queries are.
fn table_columns(panel: &Panel) -> Value {
    let value = |at: usize| match panel.queries.len() {
        1 => "Value".to_owned(),
        _ => format!("Value #{}", "ABCDEFGH".get(at..=at).unwrap_or_default()),
    };
    let named = panel.queries.iter().enumerate().filter(|(_, (_, legend))| !legend.is_empty());
    let names: Map<String, Value> = named.map(|(at, (_, legend))| (value(at), (*legend).into())).collect();
    json!([
        { "id": "merge", "options": {} },
        { "id": "organize", "options": { "excludeByName": { "Time": true }, "renameByName": names } },
    ])
}
