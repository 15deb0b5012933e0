export { htmlPage } from './html.js';
export { type DrawnReport, drawReport, type Report, type Table, writeReport } from './report.js';
export { reportOfRuns } from './runs.js';
