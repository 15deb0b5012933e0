import { useWideVectors, whyNoWideVectors } from '@bregman/core/machine';
import { version } from '@bregman/core/version';
import { Command, Option } from 'commander';
import { metricNames } from '../plot/metric-names.js';
import { exitCodeOf, exitOnWriteError, reportError } from './errors.js';

/*
 * What can be typed, and nothing else: each command's code is loaded when it is run, so that help
 * comes at once.
 */

const program = new Command('bregman')
  .description('Train sparse neural networks from scratch')
  .version(version)
  .option('--no-wide', 'without vectors of 256 bits, where V8 has them (the result is the same)')
  .hook('preAction', () => {
    if (program.opts<{ wide: boolean }>().wide) useWideVectors();
  })
  .exitOverride()
  .configureOutput({ outputError: () => {} })
  .addHelpText(
    'after',
    examples(
      'bregman presets',
      'bregman train mnist-mlp --density 5%',
      'bregman inspect runs/mnist-mlp-1',
    ) + vectorsHere(),
  );

program
  .command('train <preset|config.json>')
  .description('train a network and keep the run in a folder')
  .option('--set <path=value>', 'set a value of the configuration (repeatable)', collect)
  .option('--density <share>', 'how many of the weights to keep, by λ or the support: 0.05 or 5%')
  .option('--epochs <n>', 'passes over the training data')
  .option('--seed <n>', 'of start, order and split: one seed gives one result')
  .addOption(threads())
  .addOption(data())
  .option('--out <dir>', "the run's folder (default: the next free one under runs/)")
  .addOption(json())
  .addHelpText(
    'after',
    examples(
      'bregman train mnist-mlp',
      'bregman train mnist-mlp-adabreg --density 5% --epochs 10 --out runs/five-percent',
      'bregman train mnist-mlp --set optimizer.lambda=0.05 --set model.hidden=[300,100]',
      `bregman train mnist-mlp --set 'schedule={"kind":"cosine"}'`,
      'bregman train runs/mnist-mlp-1/config.json --seed 1 --json > metrics.jsonl',
    ),
  )
  .action(async (...args) => (await import('./commands/train.js')).default(args[0], args[1]));

program
  .command('resume <run>')
  .description('continue a run to the same bits as if it had not been interrupted')
  .option('--epochs <n>', 'train to this epoch instead of the configured one')
  .addOption(threads())
  .addOption(json())
  .addHelpText(
    'after',
    examples('bregman resume runs/mnist-mlp-1', 'bregman resume runs/mnist-mlp-1 --epochs 60'),
  )
  .action(async (...args) => (await import('./commands/resume.js')).default(args[0], args[1]));

program
  .command('eval <run|model.safetensors>')
  .description('loss and accuracy of a trained network')
  .addOption(
    new Option('--split <name>', 'which samples')
      .choices(['train', 'validation', 'test'])
      .default('test'),
  )
  .option('--data <dir|name>', 'where the data set is, or other data to score it on')
  .addOption(json())
  .addHelpText(
    'after',
    examples(
      'bregman eval runs/mnist-mlp-1',
      'bregman eval runs/mnist-mlp-1/best.safetensors --split validation',
      'bregman eval model.safetensors --data photos',
    ),
  )
  .action(async (...args) => (await import('./commands/eval.js')).default(args[0], args[1]));

program
  .command('predict <run|model.safetensors> <file...>')
  .description('what a trained network makes of images, or of the samples of IDX files')
  .option('--top <n>', 'how many classes to name of each', '3')
  .addOption(json())
  .addHelpText(
    'after',
    examples(
      'bregman predict runs/photos-1 cat.jpg dog.png',
      'bregman predict model.safetensors t10k-images-idx3-ubyte.gz --top 1',
      'bregman predict runs/photos-1/best.safetensors new/*.jpg --json > classes.jsonl',
    ),
  )
  .action(async (...args) =>
    (await import('./commands/predict.js')).default(args[0], args[1], args[2]),
  );

program
  .command('inspect <run|model.safetensors>')
  .description('which weights, outputs and inputs are left of each layer')
  .addOption(json())
  .addHelpText(
    'after',
    examples('bregman inspect runs/mnist-mlp-1', 'bregman inspect best.safetensors --json'),
  )
  .action(async (...args) => (await import('./commands/inspect.js')).default(args[0], args[1]));

program
  .command('reproduce [experiment|file.json]')
  .description('run an experiment of the paper over its seeds, and report it beside the reference')
  .option('--list', 'what there is, and how long it takes')
  .option('--quick', 'few epochs, one seed, part of the samples')
  .option('--seeds <n>', 'this many seeds, from 0 on')
  .option('--epochs <n>', 'passes over the training data')
  .addOption(threads())
  .addOption(data())
  .option('--out <dir>', 'the folder of runs and report (default: results/NAME)')
  .addOption(json())
  .addHelpText(
    'after',
    examples(
      'bregman reproduce --list',
      'bregman reproduce mnist-optimizers',
      'bregman reproduce cifar10-resnet --quick --data photos',
      'bregman reproduce my-experiment.json --seeds 5 --out results/mine',
    ),
  )
  .action(async (...args) => (await import('./commands/reproduce.js')).default(args[0], args[1]));

program
  .command('plot <run...>')
  .description('draw runs, finished or not: one figure, or a page of all')
  .addOption(new Option('--metric <name>', 'what to draw (default: all)').choices(metricNames))
  .option(
    '--out <file>',
    'an .svg or .png of one figure (default: accuracy), or a page',
    'plot.html',
  )
  .addHelpText(
    'after',
    examples(
      'bregman plot runs/mnist-mlp-1',
      'bregman plot runs/* --out runs.html',
      'bregman plot runs/mnist-mlp-1 runs/mnist-mlp-2 --metric density --out density.svg',
      'bregman plot runs/mnist-mlp-1 --metric layers --out layers.png',
    ),
  )
  .action(async (...args) => (await import('./commands/plot.js')).default(args[0], args[1]));

program
  .command('presets')
  .description('list the configurations that come with bregman')
  .addOption(json())
  .addHelpText('after', examples('bregman presets', 'bregman presets --json'))
  .action(async (...args) => (await import('./commands/presets.js')).default(args[0]));

function threads(): Option {
  return new Option('--threads <n>', 'threads (default: all; the result is the same)');
}

function data(): Option {
  return new Option('--data <dir>', 'the folder that holds the files of the data set');
}

function json(): Option {
  return new Option('--json', 'JSON on standard output, everything else on standard error');
}

function collect(value: string, values: readonly string[] = []): string[] {
  return [...values, value];
}

/** Nothing where the wide ones are used. */
function vectorsHere(): string {
  const reason = whyNoWideVectors();
  return reason === undefined ? '' : `\n\nOn vectors of 128 bits: ${reason}.`;
}

function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`;
}

for (const stream of [process.stdout, process.stderr]) stream.on('error', exitOnWriteError);
try {
  await program.parseAsync();
} catch (error) {
  reportError(error);
  process.exitCode = exitCodeOf(error);
}
