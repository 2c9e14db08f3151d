using System.Text;
using System.Text.Json;
using Arm64Vm.Translation.Verification;

namespace Arm64Vm.Cli.Verification;

/// <summary>One JSON object with every file and every difference.</summary>
internal sealed class JsonVerificationReport : IVerificationReport
{
    private readonly TextWriter _output;
    private readonly MemoryStream _buffer = new();
    private readonly Utf8JsonWriter _json;

    public JsonVerificationReport(TextWriter output)
    {
        _output = output;
        _json = new Utf8JsonWriter(_buffer);
        _json.WriteStartObject();
        _json.WriteStartArray("files");
    }

    public void File(string executor, VectorReport report)
    {
        _json.WriteStartObject();
        _json.WriteString("executor", executor);
        _json.WriteString("file", report.File);
        _json.WriteNumber("passed", report.Passed);
        _json.WriteNumber("failed", report.Failures.Count);
        _json.WriteStartArray("failures");
        foreach (var failure in report.Failures)
            Write(failure);
        _json.WriteEndArray();
        _json.WriteEndObject();
    }

    public void End(int passed, int failed)
    {
        _json.WriteEndArray();
        _json.WriteNumber("passed", passed);
        _json.WriteNumber("failed", failed);
        _json.WriteEndObject();
        _json.Flush();
        _output.WriteLine(Encoding.UTF8.GetString(_buffer.GetBuffer(), 0, (int)_buffer.Length));
        _json.Dispose();
    }

    private void Write(VectorFailure failure)
    {
        _json.WriteStartObject();
        _json.WriteString("name", failure.Name);
        _json.WriteString("pc", failure.Pc.ToString("x"));
        _json.WriteStartArray("words");
        foreach (var word in failure.Words)
            _json.WriteStringValue(word.ToString("x8"));
        _json.WriteEndArray();
        _json.WriteString("disassembly", failure.Disassembly);
        _json.WriteStartArray("differences");
        foreach (var difference in failure.Differences)
            _json.WriteStringValue(difference);
        _json.WriteEndArray();
        _json.WriteEndObject();
    }
}
