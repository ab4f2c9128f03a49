#!/usr/bin/env node
// The command line as a package. Without `??` and packages: even Node 12 must be able to print what is missing.
const { node: version } = process.versions;
if (Number(version.split('.')[0]) < 20) {
  process.stderr.write(
    `Orgkeeper needs Node 20 or newer, and this is Node ${version}: install one (https://nodejs.org).\n`,
  );
  process.exitCode = 1;
} else {
  // The SDK's warning about Node 20 is for developers: the package is bundled with the SDK that it was tested with.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  import('./main.mjs');
}
