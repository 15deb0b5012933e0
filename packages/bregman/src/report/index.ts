export { htmlPage } from './html.js';
export {
  type Column,
  type DrawnFigure,
  type DrawnReport,
  drawReport,
  type Report,
  type Table,
} from './report.js';
export { reportOfRuns } from './runs.js';
export { writeReport } from './write.js';
