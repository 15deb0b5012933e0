import { RunDirectory } from '../../runs/index.js';
import { threadsOption, wholeOption } from '../options.js';
import { Session } from '../session.js';

interface Options {
  readonly epochs?: string;
  readonly threads?: string;
  readonly json?: boolean;
}

/** `bregman resume` */
export default async function resumeCommand(path: string, options: Options): Promise<void> {
  const threads = threadsOption(options.threads);
  const epochs = options.epochs === undefined ? undefined : wholeOption('epochs', options.epochs);
  const { run, resume } = await RunDirectory.open(path, epochs);
  const session = new Session(options.json);
  const data = await session.loadData(run.config);
  await session.train(run, { data, ...threads, ...(resume && { resume }) });
}
