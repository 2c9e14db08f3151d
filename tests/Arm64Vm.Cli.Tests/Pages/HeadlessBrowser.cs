using System.Diagnostics;
using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Arm64Vm.Cli.Tests;

/// <summary>Chromium without a window, driven by its DevTools protocol (https://chromedevtools.github.io/devtools-protocol/): one page, keys, and what the page says went wrong.</summary>
internal sealed class HeadlessBrowser : IAsyncDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    private static readonly Dictionary<string, int> s_keys = new()
    {
        ["Enter"] = 13,
        ["Escape"] = 27,
        ["PageUp"] = 33,
        ["PageDown"] = 34,
        ["End"] = 35,
        ["Home"] = 36,
        ["ArrowLeft"] = 37,
        ["ArrowUp"] = 38,
        ["ArrowRight"] = 39,
        ["ArrowDown"] = 40,
        ["Tab"] = 9,
    };

    private readonly TemporaryFolder _folder = new();
    private readonly ClientWebSocket _socket = new();
    private readonly CancellationTokenSource _ending = new(s_limit);
    private readonly Process _process;
    private int _messages;

    private HeadlessBrowser(string program)
    {
        string[] arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars", $"--user-data-dir={_folder.Path}", "--remote-debugging-port=0", "about:blank"];
        _process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
    }

    /// <summary>Exceptions and errors of the page.</summary>
    public List<string> Errors { get; } = [];

    /// <summary>What the page asked for, itself included.</summary>
    public List<string> Requests { get; } = [];

    /// <summary>Starts it; skips the test where it is not installed.</summary>
    public static async Task<HeadlessBrowser> StartAsync()
    {
        var browser = new HeadlessBrowser(OptionalTool.Require("chromium", "apt-get install chromium"));
        try
        {
            await browser.ConnectAsync();
        }
        catch
        {
            await browser.DisposeAsync();
            throw;
        }

        return browser;
    }

    /// <summary>Opens a file, and waits until its scripts say that they are done.</summary>
    public async Task OpenAsync(string path)
    {
        await SendAsync("Page.navigate", new JsonObject { ["url"] = $"file://{path}" });
        while (await EvaluateAsync($"location.pathname === '{path}' && document.documentElement?.dataset.ready") != "yes")
        {
            Assert.Empty(Errors);
            await Task.Delay(50, _ending.Token);
        }
    }

    /// <summary>The value of an expression in the page, as text.</summary>
    public async Task<string> EvaluateAsync(string expression)
    {
        var result = await SendAsync("Runtime.evaluate", new JsonObject { ["expression"] = $"String({expression})", ["returnByValue"] = true, ["awaitPromise"] = true });
        Assert.True(result["exceptionDetails"] is null, $"{expression}: {result["exceptionDetails"]?["exception"]?["description"]}");
        return result["result"]!["value"]!.GetValue<string>();
    }

    public async Task<int> NumberAsync(string expression) => int.Parse(await EvaluateAsync(expression), CultureInfo.InvariantCulture);

    /// <summary>Presses and releases keys, by the names that events have for them.</summary>
    public async Task PressAsync(params string[] keys)
    {
        foreach (var key in keys)
        {
            foreach (var type in (string[])["rawKeyDown", "keyUp"])
                await SendAsync("Input.dispatchKeyEvent", new JsonObject { ["type"] = type, ["key"] = key, ["code"] = key, ["windowsVirtualKeyCode"] = s_keys[key] });
        }
    }

    /// <summary>Types a text where the focus is.</summary>
    public Task TypeAsync(string text) => SendAsync("Input.insertText", new JsonObject { ["text"] = text });

    public Task PreferAsync(string scheme) =>
        SendAsync("Emulation.setEmulatedMedia", new JsonObject { ["features"] = new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = scheme }) });

    public Task ResizeAsync(int width, int height) =>
        SendAsync("Emulation.setDeviceMetricsOverride", new JsonObject { ["width"] = width, ["height"] = height, ["deviceScaleFactor"] = 1, ["mobile"] = false });

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _ending.Dispose();

        // Its helpers may be writing for a moment still.
        for (var tries = 0; ; tries++)
        {
            try
            {
                _folder.Dispose();
                return;
            }
            catch (IOException) when (tries < 50)
            {
                await Task.Delay(100);
            }
        }
    }

    private async Task ConnectAsync()
    {
        // The file has the port and the browser's own socket; each page has one of its own, which the list tells.
        var file = Path.Combine(_folder.Path, "DevToolsActivePort");
        while (!File.Exists(file) || (await File.ReadAllLinesAsync(file)).Length < 2)
        {
            Assert.False(_process.HasExited, "Chromium ended at once.");
            await Task.Delay(50, _ending.Token);
        }

        var port = (await File.ReadAllLinesAsync(file))[0];
        using var client = new HttpClient();
        string? page = null;
        while (page is null)
        {
            using var targets = JsonDocument.Parse(await client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/json/list"), _ending.Token));
            page = targets.RootElement.EnumerateArray().Where(target => target.GetProperty("type").GetString() == "page").Select(target => target.GetProperty("webSocketDebuggerUrl").GetString()).FirstOrDefault();
        }

        await _socket.ConnectAsync(new Uri(page), _ending.Token);
        foreach (var domain in (string[])["Page", "Runtime", "Log", "Network"])
            await SendAsync($"{domain}.enable", []);
    }

    /// <summary>Sends a command and waits for its result; events on the way are noted.</summary>
    private async Task<JsonNode> SendAsync(string method, JsonObject parameters)
    {
        var id = ++_messages;
        var message = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters };
        await _socket.SendAsync(Encoding.UTF8.GetBytes(message.ToJsonString()), WebSocketMessageType.Text, endOfMessage: true, _ending.Token);
        while (true)
        {
            var answer = JsonNode.Parse(await ReceiveAsync())!;
            if (answer["id"]?.GetValue<int>() == id)
            {
                Assert.True(answer["error"] is null, $"{method}: {answer["error"]}");
                return answer["result"]!;
            }

            var what = answer["method"]?.GetValue<string>();
            if (what == "Runtime.exceptionThrown")
                Errors.Add(answer["params"]!["exceptionDetails"]!.ToJsonString());
            else if (what == "Log.entryAdded" && answer["params"]!["entry"]!["level"]!.GetValue<string>() == "error")
                Errors.Add(answer["params"]!["entry"]!["text"]!.GetValue<string>());
            else if (what == "Network.requestWillBeSent")
                Requests.Add(answer["params"]!["request"]!["url"]!.GetValue<string>());
        }
    }

    private async Task<byte[]> ReceiveAsync()
    {
        using var message = new MemoryStream();
        var buffer = new byte[1 << 16];
        while (true)
        {
            var part = await _socket.ReceiveAsync(buffer, _ending.Token);
            message.Write(buffer, 0, part.Count);
            if (part.EndOfMessage)
                return message.ToArray();
        }
    }
}
