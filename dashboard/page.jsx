// The page: Splunk's renderer as it is, but for the rows, which come from the replay.
import React from 'react';
import { createRoot } from 'react-dom/client';
import { DashboardContextProvider } from '@splunk/dashboard-context';
import DashboardCore from '@splunk/dashboard-core';
import CloudViewOnlyPreset from '@splunk/dashboard-presets/CloudViewOnlyPreset';
import EnterpriseViewOnlyPreset from '@splunk/dashboard-presets/EnterpriseViewOnlyPreset';
import { DataSet } from '@splunk/datasource-utils';
import DataSource from '@splunk/datasources/DataSource';
import { SplunkThemeProvider } from '@splunk/themes';

const { feed, theme } = window; // given by render.mjs
// What the renderer asks for once it has put the tokens in, where clicks would lead, and what it objects to.
const seen = { queries: {}, links: [], problems: [], drawn: {} };
window.seen = seen;

// Takes the place of ds.search and ds.chain. Rows in the options of a ds.test would get token substitution, as options do.
class ReplayDataSource extends DataSource {
  static config = EnterpriseViewOnlyPreset.dataSources['ds.search'].config;

  constructor(options, context, ...rest) {
    super(options, context, ...rest);
    const { query, extend, queryParameters } = options;
    seen.queries[context.id] = { query, extend, queryParameters };
    if (query !== feed.queries[context.id]) {
      seen.problems.push(`${context.id}: the renderer asks for ${query}, replay ran ${feed.queries[context.id]}`);
    }
  }

  request(parameters = {}) {
    return (observer) => {
      const { fields, columns } = feed.rows[this.context.id];
      const meta = { status: 'done', percentComplete: 100, totalCount: columns[0]?.length ?? 0 };
      observer.next({ data: DataSet.fromJSONCols(fields, columns).getPage(parameters), meta });
      observer.complete();
      seen.drawn[this.context.id] = true;
      return () => {};
    };
  }
}

const preset = {
  ...EnterpriseViewOnlyPreset,
  // Enterprise's own asks a Splunk which time zone its user is in.
  inputs: { ...EnterpriseViewOnlyPreset.inputs, 'input.timerange': CloudViewOnlyPreset.inputs['input.timerange'] },
  dataSources: { 'ds.search': ReplayDataSource, 'ds.chain': ReplayDataSource },
};

const plugin = {
  onLinkToUrl: (event) => {
    seen.links.push(event.url);
    event.preventDefault();
  },
};

createRoot(document.getElementById('root')).render(
  <SplunkThemeProvider family="enterprise" colorScheme={theme} density="comfortable">
    <DashboardContextProvider
      preset={preset}
      initialDefinition={feed.definition}
      dashboardPlugin={plugin}
      timezone={{ ianaTimezone: 'Etc/UTC', utcOffset: 0 }}
    >
      <DashboardCore width="100%" height="100vh" onValidationError={(error) => seen.problems.push(JSON.stringify(error))} />
    </DashboardContextProvider>
  </SplunkThemeProvider>,
);
